// A decoy: a VPN's kill switch rejects ::1 on purpose. Programs go on to 127.0.0.1; what fails is the way out.
import type { Scenario } from '../scenario.ts';
import { MARIADB, NGINX, SSHD } from './common.ts';

export const killSwitch: Scenario = {
  id: 'kill-switch',
  title: 'Nothing is reached out there, and ::1 is rejected',
  command: 'curl -sI https://deb.debian.org/',
  symptom: '"curl -sI https://deb.debian.org/" ends without a word; a colleague has found a rule that rejects ::1',
  story:
    'web1 speaks to the world through a tunnel. Its kill switch lets nothing past the tunnel, and has no IPv6 at all. Today the tunnel is down.',
  level: 'nasty',
  lesson: 'A rule may be meant: ask what fails before you open it',
  isDecoy: true,
  cause:
    'The tunnel is down, and the kill switch does what it is for. That ::1 is rejected at once is meant, and harmless: programs go on to 127.0.0.1.',
  hints: [
    'What does the failing command talk to? Not to this server.',
    'A rejected ::1 costs nothing: programs try 127.0.0.1 next.',
    'Rules by the device: what may leave by tun0, and what by eth0?',
  ],
  byHand: ['ip link show tun0', 'iptables -S OUTPUT', 'ip6tables -S OUTPUT'],
  rules: `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -o tun0 -j ACCEPT
-A OUTPUT -d 203.0.113.20/32 -o eth0 -p udp -m udp --dport 1194 -j ACCEPT
-A OUTPUT -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix "KILL: "
COMMIT
`,
  rules6: `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -d ::1/128 -m comment --comment "no IPv6 here" -j REJECT --reject-with icmp6-adm-prohibited
-A OUTPUT -o eth0 -j DROP
COMMIT
`,
  services: [SSHD, NGINX, MARIADB],
  hosts: { localhost: ['::1', '127.0.0.1'] },
};
