// The final rule seems to log, but the LOG stands behind the DROP: it is never reached, and the log stays silent.
import type { Scenario } from '../scenario.ts';
import { MARIADB, NGINX, NGINX_TLS, OPEN6, POSTFIX, SSHD } from './common.ts';

export const logAfterDrop: Scenario = {
  id: 'log-after-drop',
  title: 'Alert mails fail, and the log says nothing',
  command: 'mail -s test root@example.org',
  symptom: '"mail -s test root@example.org" times out, and no log shows a dropped packet',
  story:
    'The policy of web1 logs what it drops; anybody can see the LOG rule at its end. Nobody has ever seen an entry of it.',
  level: 'hard',
  lesson: 'A LOG rule behind the DROP is never reached',
  isDecoy: false,
  cause: 'The final DROP drops the mails to localhost; its LOG rule stands behind it and never sees a packet.',
  hints: [
    'A silent log is no proof that nothing is dropped.',
    'Look at the counters: iptables -L OUTPUT -n -v. Which rule has none?',
    'Rules are read from the top. What stands behind a DROP for everything?',
  ],
  byHand: [
    'iptables -L OUTPUT -n -v --line-numbers',
    'iptables -I OUTPUT 4 -o lo -j ACCEPT',
    'iptables-save > /etc/iptables/rules.v4',
  ],
  rules: `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -j DROP
-A OUTPUT -j LOG --log-prefix "OUT-DROP: "
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, MARIADB, POSTFIX],
  hosts: { localhost: ['127.0.0.1'] },
};
