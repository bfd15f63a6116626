// A decoy: packets are dropped and logged, but on eth0: the host that plugins are fetched from is not permitted.
import type { Scenario } from '../scenario.ts';
import { INBOUND, MARIADB, NGINX, NGINX_TLS, OPEN6, SSHD, VSFTPD } from './common.ts';

export const elsewhere: Scenario = {
  id: 'elsewhere',
  title: 'WordPress cannot fetch its updates',
  command: 'wp plugin update --all',
  symptom: '"wp plugin update --all" ends with: Failed to connect to downloads.wordpress.org port 443',
  story:
    "web1 may speak to the company's package mirror and to nothing else. That does include loopback. But plugins don't come from the mirror.",
  level: 'medium',
  lesson: 'Look at the device in the line: OUT=eth0 is no loopback',
  isDecoy: true,
  cause: 'Loopback passes. What is dropped goes out by eth0: the host that plugins come from is not permitted.',
  hints: [
    'What does the message name: localhost, or a host out there?',
    'The log has entries. Which device do they name?',
    'OUT=eth0: the policy does what it was written for. It lacks a permit for downloads.wordpress.org.',
  ],
  byHand: [
    'grep OUT-DROP /var/log/kern.log',
    'iptables -I OUTPUT 4 -o eth0 -d 198.51.100.80 -p tcp --dport 443 -j ACCEPT',
  ],
  rules: `${INBOUND}-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -d 203.0.113.20/32 -o eth0 -p tcp -m multiport --dports 80,443 -m comment --comment "package mirror" -j ACCEPT
-A OUTPUT -j LOG --log-prefix "OUT-DROP: "
-A OUTPUT -j DROP
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, MARIADB, VSFTPD],
  hosts: { localhost: ['127.0.0.1'] },
};
