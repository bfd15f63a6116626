// The permit for lo is there, behind the rule that drops everything: it was appended.
import type { Scenario } from '../scenario.ts';
import { INBOUND, MARIADB, NGINX, NGINX_TLS, OPEN6, SSHD } from './common.ts';

export const permitAfterDrop: Scenario = {
  id: 'permit-after-drop',
  title: 'The database is gone since the permit was added',
  command: 'mysqladmin -h 127.0.0.1 ping',
  symptom: '"mysqladmin -h 127.0.0.1 ping" ends with: Can\'t connect to MySQL server',
  story:
    'Somebody read that lo has to be permitted, typed iptables -A OUTPUT -o lo -j ACCEPT, saw the rule in the list, and went home.',
  level: 'easy',
  lesson: '-A appends: a permit behind the final rule is never reached',
  isDecoy: false,
  cause: 'The permit for lo stands behind the DROP for everything, where no packet comes.',
  hints: [
    'The permit is there. Is it ever reached?',
    'iptables -L OUTPUT -n -v shows how many packets each rule has met.',
    '-A puts a rule at the end, -I with a number puts it before another.',
  ],
  byHand: [
    'iptables -L OUTPUT -n -v --line-numbers',
    'iptables -D OUTPUT -o lo -j ACCEPT',
    'iptables -I OUTPUT 4 -o lo -j ACCEPT',
    'iptables-save > /etc/iptables/rules.v4',
  ],
  rules: `${INBOUND}-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -j LOG --log-prefix "OUT-DROP: "
-A OUTPUT -j DROP
-A OUTPUT -o lo -j ACCEPT
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, MARIADB],
  hosts: { localhost: ['127.0.0.1'] },
};
