// IPv4 loopback is permitted, but localhost is ::1 first, and the policy for IPv6 knows no lo.
import type { Scenario } from '../scenario.ts';
import { listeningAt, MARIADB, NGINX, NGINX_TLS, POSTFIX, SSHD } from './common.ts';

export const ipv6: Scenario = {
  id: 'ipv6',
  title: 'Mail over localhost hangs, over 127.0.0.1 it works',
  command: 'nc -v localhost 25',
  symptom: '"nc -v localhost 25" does not connect, while "nc -v 127.0.0.1 25" does',
  story:
    'The policy of web1 was checked twice, loopback rule included. It was checked with iptables. A second policy, for IPv6, came with the same role and was read by nobody.',
  level: 'medium',
  lesson: 'localhost is ::1 first, and IPv6 has a policy of its own',
  isDecoy: false,
  cause: 'iptables permits lo; ip6tables knows nothing of it, and localhost is ::1 first.',
  hints: [
    'Try both addresses: nc -v 127.0.0.1 25, nc -v ::1 25.',
    'iptables -S shows half of the firewall.',
    'ip6tables -S OUTPUT shows the other half.',
  ],
  byHand: ['ip6tables -S OUTPUT', 'ip6tables -I OUTPUT 1 -o lo -j ACCEPT', 'ip6tables-save > /etc/iptables/rules.v6'],
  rules: `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -j LOG --log-prefix "OUT4-DROP: "
COMMIT
`,
  rules6: `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p ipv6-icmp -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -j LOG --log-prefix "OUT6-DROP: "
-A OUTPUT -j DROP
COMMIT
`,
  services: [SSHD, NGINX, NGINX_TLS, MARIADB, POSTFIX, listeningAt(POSTFIX, '::1')],
  hosts: { localhost: ['::1', '127.0.0.1'] },
};
