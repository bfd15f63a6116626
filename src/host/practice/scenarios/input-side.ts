// The outbound policy permits lo; the inbound one forgot it, so what leaves by lo does not come in again.
import type { Scenario } from '../scenario.ts';
import { MARIADB, NGINX, NGINX_TLS, OPEN6, POSTFIX, SSHD } from './common.ts';

export const inputSide: Scenario = {
  id: 'input-side',
  title: 'The site cannot reach its database',
  command: 'mysqladmin -h 127.0.0.1 ping',
  symptom: '"mysqladmin -h 127.0.0.1 ping" ends with: Can\'t connect to MySQL server',
  story:
    'The outbound policy of web1 has had its loopback rule from the start. Yesterday the inbound policy was tightened as well.',
  level: 'medium',
  lesson: 'What leaves by lo has to come in by lo as well',
  isDecoy: false,
  cause: 'OUTPUT permits lo, INPUT forgot it: the packet leaves, and the inbound policy drops it.',
  hints: [
    'The outbound policy has its loopback rule. A packet over lo passes two chains.',
    'The log has entries with IN=lo.',
    'INPUT permits eth0 alone.',
  ],
  byHand: ['iptables -S INPUT', 'iptables -I INPUT 1 -i lo -j ACCEPT', 'iptables-save > /etc/iptables/rules.v4'],
  rules: `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -i eth0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i eth0 -p tcp -m multiport --dports 22,80,443 -j ACCEPT
-A INPUT -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix "IN-DROP: "
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix "OUT-DROP: "
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, MARIADB, POSTFIX],
  hosts: { localhost: ['127.0.0.1'] },
};
