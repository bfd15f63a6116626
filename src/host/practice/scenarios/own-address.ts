// A permit for 127.0.0.0/8 is there, but the site calls itself by its public address, which travels over lo as well.
import type { Scenario } from '../scenario.ts';
import { MARIADB, NGINX, NGINX_TLS, OPEN6, OWN, SSHD } from './common.ts';

export const ownAddress: Scenario = {
  id: 'own-address',
  title: 'Scheduled posts stay unpublished',
  command: 'wp cron test',
  symptom: '"wp cron test" ends with: WP-Cron spawn failed: Failed to connect to www.example.org port 443',
  story:
    'The policy of web1 does permit loopback, as somebody wrote it: 127.0.0.0/8. Visitors reach the site, the database answers. But WordPress calls itself by its own name to do its scheduled work, and that call never arrives.',
  level: 'medium',
  lesson: "A server's own public address goes over lo too",
  isDecoy: false,
  cause:
    'The policy permits 127.0.0.0/8, not lo: what the site sends to its own public address goes over lo with that address, and is dropped.',
  hints: [
    'Which address does www.example.org have here? getent hosts www.example.org',
    "That address is the server's own. By which device do packets to it leave? ip route get 192.0.2.10",
    'By lo. The permit names a network instead of the device.',
  ],
  byHand: ['ip route get 192.0.2.10', 'iptables -I OUTPUT 2 -o lo -j ACCEPT', 'iptables-save > /etc/iptables/rules.v4'],
  rules: `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT
-A OUTPUT -d 127.0.0.0/8 -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -d 198.51.100.0/24 -p tcp -m multiport --dports 80,443 -j ACCEPT
-A OUTPUT -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix "OUT-DROP: "
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, MARIADB],
  hosts: { localhost: ['127.0.0.1'], 'www.example.org': [OWN.ip] },
};
