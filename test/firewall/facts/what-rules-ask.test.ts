import { expect, test } from 'vitest';
import { whatRulesAsk } from '../../../src/firewall/facts/what-rules-ask.ts';

test('names are found in the rules, and only those that a file can have', () => {
  const text = `*filter
-A OUTPUT -m set --match-set web dst,dst -m set ! --match-set "my set" src -j DROP
-A OUTPUT -j SET --add-set seen src --exist
-A OUTPUT -m recent --rcheck --seconds 60 --name SSH --mask 255.255.255.255 --rsource -j DROP
-A OUTPUT -m recent --rcheck --name ../../etc/shadow --rsource -j DROP
-A OUTPUT -m hashlimit --hashlimit-upto 5/sec --hashlimit-name http -j ACCEPT
-A OUTPUT -m connlimit --connlimit-above 3 -j REJECT
-A OUTPUT -j NFQUEUE --queue-num 0
COMMIT
`;
  expect(whatRulesAsk([{ layer: 'iptables', family: 'ip6', text }])).toEqual({
    sets: new Set(['web', 'my set', 'seen']),
    lists: new Set(['SSH']),
    rates: new Map([['ip6 http', { family: 'ip6', name: 'http' }]]),
    queues: true,
    connections: true,
    devices: false,
    sockets: false,
    classes: false,
  });
});

test('where nothing is asked, nothing is read', () => {
  expect(whatRulesAsk([{ layer: 'nftables', text: '{"nftables": []}' }])).toEqual({
    sets: new Set(),
    lists: new Set(),
    rates: new Map(),
    queues: false,
    connections: false,
    devices: false,
    sockets: false,
    classes: false,
  });
});

test('sockets and classes are read where a rule asks for them', () => {
  const asked = (text: string) => {
    const { sockets, classes } = whatRulesAsk([{ layer: 'iptables', family: 'ip', text }]);
    return { sockets, classes };
  };
  expect(asked('-A PREROUTING -p tcp -j TPROXY --on-port 1')).toEqual({ sockets: true, classes: false });
  expect(asked('-A INPUT -m socket -j ACCEPT')).toEqual({ sockets: true, classes: false });
  expect(asked('-A OUTPUT -m cgroup --cgroup 1 -j DROP')).toEqual({ sockets: false, classes: true });
});
