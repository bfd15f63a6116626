import { expect, test } from 'vitest';
import { leaveOutPassingRules } from '../../../../src/firewall/iptables/read/leave-out-passing-rules.ts';

const POLICY = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -i docker0 -p tcp -m tcp --dport 5432 -j ACCEPT
-A FORWARD -i eth1 -o eth0 -j ACCEPT
-A OUTPUT -m comment --comment "not -j f2b-sshd" -j ACCEPT
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE
COMMIT
`;

test('a policy stays as it is, with what it says of a bridge of Docker', () => {
  expect(leaveOutPassingRules(POLICY)).toEqual({ text: POLICY, owners: [] });
});

test.each([
  [':f2b-sshd - [0:0]', 'fail2ban'],
  ['-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd', 'fail2ban'],
  ['-A f2b-sshd -s 203.0.113.9/32 -j REJECT --reject-with icmp-port-unreachable', 'fail2ban'],
  [':DOCKER-USER - [0:0]', 'docker'],
  ['-A FORWARD -j DOCKER-USER', 'docker'],
  ['-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', 'docker'],
  ['-A FORWARD -i br-0123456789ab ! -o br-0123456789ab -j ACCEPT', 'docker'],
  ['-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -j DOCKER-FORWARD', 'docker'],
  [
    '-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    'docker',
  ],
  ['-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE', 'docker'],
  ['-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE', 'docker'],
  ['-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80', 'docker'],
  ['-A FORWARD -j LIBVIRT_FWX', 'libvirt'],
  ['-A OUTPUT -j KUBE-FIREWALL', 'kubernetes'],
  ['-A POSTROUTING -g NETAVARK-HOSTPORT-MASQ', 'podman'],
])('left out: %s', (line, owner) => {
  const text = POLICY.replace('COMMIT', `${line}\nCOMMIT`);
  expect(leaveOutPassingRules(text)).toEqual({ text: POLICY, owners: [owner] });
});
