// A decoy: loopback passes. The mail server listens on the public address only, so nobody answers on localhost.
import type { Scenario } from '../scenario.ts';
import { INBOUND, listeningAt, MARIADB, NGINX, NGINX_TLS, OPEN6, OWN, POSTFIX, SSHD } from './common.ts';

export const nobodyListens: Scenario = {
  id: 'nobody-listens',
  title: 'Alert mails are refused',
  command: 'mail -s test root@example.org',
  symptom: '"mail -s test root@example.org" ends with: cannot connect to localhost, port 25: Connection refused',
  story:
    'An outbound policy went onto web1 the same evening as an update of the mail server. Since then no alert has arrived. Everybody blames the firewall.',
  level: 'easy',
  lesson: 'Refused is no timeout: somebody answered',
  isDecoy: true,
  cause:
    'Loopback passes. The mail server listens on the public address only, so nobody answers on localhost, and the kernel says so at once.',
  hints: [
    'It is refused at once, it does not time out.',
    'Who listens at port 25, and at which address? ss -ltn',
    '127.0.0.1 is not among them.',
  ],
  byHand: ['ss -ltnp', 'postconf -e inet_interfaces=all', 'systemctl restart postfix'],
  rules: `${INBOUND}-A INPUT -p tcp -m multiport --dports 22,25,80,443 -j ACCEPT
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 25,80,443 -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -j LOG --log-prefix "OUT-DROP: "
-A OUTPUT -j DROP
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, MARIADB, listeningAt(POSTFIX, OWN.ip)],
  hosts: { localhost: ['127.0.0.1'] },
};
