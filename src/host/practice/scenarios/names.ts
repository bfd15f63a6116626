// The resolver listens on 127.0.0.53, and the policy permits DNS by eth0 alone: no name can be looked up.
import type { Scenario } from '../scenario.ts';
import { INBOUND, NGINX, NGINX_TLS, OPEN6, RESOLVED, SSHD } from './common.ts';

export const names: Scenario = {
  id: 'names',
  title: 'No name can be looked up',
  command: 'getent hosts api.wordpress.org',
  symptom: '"getent hosts api.wordpress.org" finds nothing, and so does everything else that needs a name',
  story:
    'Since the hardening of web1 DNS may leave by eth0 only. The name servers answer, as anybody can see who asks them by their address. The programs do not ask them: they ask systemd-resolved.',
  level: 'medium',
  lesson: 'Name lookups go over lo: to 127.0.0.53',
  isDecoy: false,
  cause: 'DNS is permitted by eth0 alone. Programs ask the resolver on 127.0.0.53, over lo, and that is dropped.',
  hints: [
    'Whom do programs ask for names here? cat /etc/resolv.conf',
    '127.0.0.53 is an address of lo.',
    'The permit for port 53 names eth0.',
  ],
  byHand: ['cat /etc/resolv.conf', 'iptables -I OUTPUT 2 -o lo -j ACCEPT', 'iptables-save > /etc/iptables/rules.v4'],
  rules: `${INBOUND}-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -o eth0 -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -o eth0 -p tcp -m multiport --dports 53,80,443 -j ACCEPT
-A OUTPUT -j LOG --log-prefix "OUT-DROP: "
-A OUTPUT -j DROP
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, RESOLVED],
  hosts: { localhost: ['127.0.0.1'] },
  resolver: RESOLVED.address,
  files: { '/etc/resolv.conf': 'nameserver 127.0.0.53\noptions edns0 trust-ad\n' },
};
