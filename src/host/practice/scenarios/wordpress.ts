// WordPress can't update: it hands the files to the FTP server on its own host, and the outbound policy knows no lo.
import type { Scenario } from '../scenario.ts';
import { INBOUND, NGINX, NGINX_TLS, OPEN6, SSHD, VSFTPD } from './common.ts';

export const wordpress: Scenario = {
  id: 'wordpress',
  title: 'WordPress updates fail',
  command: 'wp plugin update --all',
  symptom: '"wp plugin update --all" ends with: Failed to connect to FTP Server localhost:21',
  story:
    'Last week an outbound policy went onto web1: web, DNS and time may go out, the rest is dropped. The site runs, but since then no plugin can be updated.',
  level: 'easy',
  lesson: 'What a policy for the way out forgets: programs on one server talk to each other over lo',
  isDecoy: false,
  cause:
    'The outbound policy ends with DROP, and no rule before it permits lo: WordPress cannot reach the FTP server on its own host.',
  hints: [
    'Who does WordPress talk to when it writes an update? The message names a host and a port.',
    'localhost is reached over lo. Which rule of OUTPUT lets lo through?',
    'None does, so the final rule drops it, and without a LOG rule nobody sees that.',
  ],
  byHand: ['iptables -S OUTPUT', 'iptables -I OUTPUT 1 -o lo -j ACCEPT', 'iptables-save > /etc/iptables/rules.v4'],
  rules: `${INBOUND}-A INPUT -p tcp -m multiport --dports 22,80,443 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -i eth0 -m limit --limit 10/min -j LOG --log-prefix "IN-DROP: "
-A OUTPUT -o eth0 -p tcp -m multiport --sports 22,80,443 -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -p tcp -m tcp --dport 53 -j ACCEPT
-A OUTPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A OUTPUT -j DROP
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, VSFTPD],
  hosts: { localhost: ['127.0.0.1'] },
};
