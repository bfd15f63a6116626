import { expect, test } from 'vitest';
import type { Conversation } from '../../../src/firewall/conversation/trace.ts';
import { probeConversations } from '../../../src/firewall/questions/probe-conversations.ts';
import { rules } from '../fix/rules.ts';

const none = rules(':OUTPUT ACCEPT [0:0]');

const name = ({ protocol, destination, destinationPort, uid, gid }: Conversation) =>
  [protocol, destination, destinationPort ?? '-', uid, ...(gid === undefined ? [] : [gid])].join(' ');

const probes = (options: Partial<Parameters<typeof probeConversations>[0]>) =>
  probeConversations({ ruleset: none, ownAddresses: [], ...options }).map(name);

test('TCP, UDP and ping to both loopback addresses and each own one, in canonical form and once', () => {
  expect(probes({ ownAddresses: ['192.0.2.10', '2001:DB8:0::1', '127.0.0.1'] })).toEqual(
    ['127.0.0.1', '::1', '192.0.2.10', '2001:db8::1'].flatMap((address) => [
      `tcp ${address} 31337 0`,
      `udp ${address} 31337 0`,
      `icmp ${address} - 0`,
    ]),
  );
});

test('the ports asked for, those that listen, and those that rules name, sets and both ends of ranges included', () => {
  const ruleset = rules(
    '-A OUTPUT -p tcp -m multiport --dports 25,587 -j DROP\n-A INPUT -p udp -m udp --dport 1000:2000 -j DROP',
  );
  const found = probes({ ruleset, ports: [21], listeners: [{ protocol: 'tcp', port: 3306 }] });
  for (const port of [21, 3306, 25, 587, 1000, 2000, 31337]) expect(found).toContain(`tcp 127.0.0.1 ${port} 0`);
  expect(found).not.toContain('udp 127.0.0.1 3306 0');
});

test('users and groups that rules name, and one that none does', () => {
  const ruleset = rules('-A OUTPUT -m owner --uid-owner 33 -j DROP\n-A OUTPUT -m owner --gid-owner 44 -j DROP');
  const found = probes({ ruleset });
  for (const who of ['33', '65534 44', '65534 65534']) expect(found).toContain(`tcp 127.0.0.1 31337 ${who}`);
});

test('other loopback addresses that rules name', () => {
  const ruleset = rules('-A OUTPUT -d 127.0.0.53/32 -j DROP\n-A OUTPUT -d 127.0.0.0/8 -j ACCEPT');
  expect(probes({ ruleset }).filter((probe) => probe.startsWith('icmp'))).toEqual([
    'icmp 127.0.0.1 - 0',
    'icmp ::1 - 0',
    'icmp 127.0.0.53 - 0',
  ]);
});

test('thousands of ports in generated rules are a sample, not a flood', () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `-A OUTPUT -p tcp -m tcp --dport ${i + 1} -j DROP`);
  expect(probes({ ruleset: rules(lines.join('\n')) }).length).toBeLessThan(500);
});
