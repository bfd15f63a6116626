import { expect, test } from 'vitest';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import type { Facts } from '../../../src/firewall/facts/facts.ts';
import { parseHashlimit } from '../../../src/firewall/facts/parse/parse-hashlimit.ts';
import { parseIpsetSave } from '../../../src/firewall/facts/parse/parse-ipset-save.ts';
import { parseRecentList } from '../../../src/firewall/facts/parse/parse-recent-list.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import type { Table } from '../../../src/firewall/model/model.ts';
import { parseNftRuleset } from '../../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';

const NOTHING: Facts = {
  sets: new Map(),
  recent: new Map(),
  rates: new Map(),
  queues: null,
  connections: null,
  sockets: null,
  hasClasses: null,
  devices: null,
  isLive: true,
};

const save = (...rules: readonly string[]): Table[] =>
  parseIptablesSave(`*filter\n:OUTPUT ACCEPT [0:0]\n${rules.join('\n')}\nCOMMIT\n`, { file: 'x', family: 'ip' });

const outcome = (tables: Table[], facts: Partial<Facts>, port = 25) => {
  const surroundings = { ownAddresses: null, serverUid: null, serverGid: null, facts: { ...NOTHING, ...facts } };
  return traceConversation({ tables }, rootConversation('tcp', '127.0.0.1', port), surroundings).outcome;
};

const clock = { now: 4295375217, perSecond: 250 };
const listed = (...seconds: readonly number[]) => {
  const times = seconds.map((ago) => clock.now - ago * 250).join(', ');
  const line = `src=127.0.0.1 ttl: 64 last_seen: 0 oldest_pkt: ${seconds.length} ${times}\n`;
  return { recent: new Map([['x', parseRecentList(line, clock) ?? new Map()]]) };
};

test.each([
  ['--rcheck', [900], 'blocked'],
  ['--rcheck --seconds 60', [900], 'works'],
  ['--rcheck --seconds 60', [5], 'blocked'],
  // In a few seconds it is no longer so.
  ['--rcheck --seconds 60', [57], 'unknown'],
  ['--rcheck --seconds 60 --hitcount 2', [5, 900], 'works'],
  ['--rcheck --hitcount 2', [5, 900], 'blocked'],
  ['--rcheck --rttl', [5], 'blocked'],
  ['! --rcheck --seconds 60', [900], 'blocked'],
  ['! --update --seconds 60', [900], 'unknown'],
] as const)('-m recent %s with packets %j seconds ago', (options, ages, expected) => {
  expect(outcome(save(`-A OUTPUT -p tcp -m recent ${options} --name x --rsource -j DROP`), listed(...ages))).toBe(
    expected,
  );
  expect(outcome(save(`-A OUTPUT -p tcp -m recent ${options} --name x --rsource -j DROP`), {})).toBe('unknown');
});

test('without the clock only the number of packets is known', () => {
  const unclocked = { recent: new Map([['x', new Map([[0x7f000001, { ttl: 64, ages: [null, null] }]])]]) };
  const rule = (hits: number) =>
    save(`-A OUTPUT -p tcp --syn -m recent --rcheck --seconds 60 --hitcount ${hits} --name x -j DROP`);
  expect(outcome(rule(2), unclocked)).toBe('unknown');
  expect(outcome(rule(3), unclocked)).toBe('works');
});

const bucket = (credit: number) => ({
  rates: new Map([['ip h', parseHashlimit(`9 127.0.0.1:0->127.0.0.1:25 ${credit} 0 10\n`) ?? new Map()]]),
});
const rated = (rate: string) =>
  save(
    `-A OUTPUT -p tcp --dport 25 -m hashlimit --hashlimit-above ${rate} --hashlimit-mode srcip,dstip,dstport --hashlimit-name h -j DROP`,
  );

test.each([
  ['1/hour', 5000, 'works'],
  ['1/hour', 50, 'unknown'],
  ['1/hour', 0, 'blocked'],
  // The next packet's worth is there before anybody looks.
  ['100/sec', 0, 'unknown'],
])('-m hashlimit of %s with a credit of %d', (rate, credit, expected) => {
  expect(outcome(rated(rate), bucket(credit))).toBe(expected);
  expect(outcome(rated(rate), {})).toBe('unknown');
});

const queued = (content: string): Table[] =>
  parseNftRuleset(
    JSON.stringify({
      nftables: [
        { table: { family: 'ip', name: 't', handle: 1 } },
        {
          chain: {
            family: 'ip',
            table: 't',
            name: 'o',
            handle: 1,
            type: 'filter',
            hook: 'output',
            prio: 0,
            policy: 'accept',
          },
        },
        { rule: { family: 'ip', table: 't', chain: 'o', handle: 2, expr: [{ queue: JSON.parse(content) }] } },
      ],
    }),
    { file: 'x' },
  );

test.each([
  ['{"num": 9}', [], 'blocked'],
  ['{"num": 9}', null, 'unknown'],
  ['{"num": 9}', [9], 'unknown'],
  ['{"num": 9, "flags": "bypass"}', [], 'works'],
  ['{"num": {"range": [3, 5]}}', [9], 'blocked'],
  ['{"num": {"range": [3, 5]}}', [4], 'unknown'],
])("nft's queue %s where %j are read", (content, read, expected) => {
  expect(outcome(queued(content), { queues: read === null ? null : new Set(read) })).toBe(expected);
});

test.each([
  ['--queue-num 1', [], 'blocked'],
  ['--queue-balance 1:3', [], 'blocked'],
  ['--queue-balance 1:3 --queue-bypass', [9], 'works'],
  ['--queue-num 1', [1], 'unknown'],
])('-j NFQUEUE %s where %j are read', (options, read, expected) => {
  expect(outcome(save(`-A OUTPUT -j NFQUEUE ${options}`), { queues: new Set(read) })).toBe(expected);
});

test('what an own packet has written is there for the next rule', () => {
  const sets = parseIpsetSave('create s hash:ip family inet\n');
  const rules = ['-A OUTPUT -j SET --add-set s src', '-A OUTPUT -m set --match-set s src -j DROP'];
  expect(outcome(save(...rules), { sets })).toBe('blocked');
  expect(outcome(save(...rules.toReversed()), { sets })).toBe('blocked');
  expect(outcome(save(rules[1] ?? ''), { sets })).toBe('works');
});

test('a limit of connections is far away, or not known', () => {
  const rule = save(
    '-A OUTPUT -p tcp --syn -m connlimit --connlimit-above 30 --connlimit-mask 32 --connlimit-saddr -j REJECT',
  );
  expect(outcome(rule, { connections: 5 })).toBe('works');
  expect(outcome(rule, { connections: 25 })).toBe('unknown');
  expect(outcome(rule, { connections: null })).toBe('unknown');
});

test('a dump that is not of this moment knows nothing of what comes and goes', () => {
  const tables = parseNftRuleset(
    JSON.stringify({
      nftables: [
        { table: { family: 'ip', name: 't', handle: 1 } },
        { set: { family: 'ip', table: 't', name: 's', type: 'ipv4_addr', flags: ['dynamic', 'timeout'], elem: [{ elem: { val: '127.0.0.1', timeout: 60, expires: 50 } }] } },
        { chain: { family: 'ip', table: 't', name: 'o', handle: 1, type: 'filter', hook: 'output', prio: 0, policy: 'accept' } },
        { rule: { family: 'ip', table: 't', chain: 'o', handle: 2, expr: [{ match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right: '@s' } }, { drop: null }] } },
      ],
    }),
    { file: 'x' },
  ); // biome-ignore format: nft's own lines
  expect(outcome(tables, {})).toBe('blocked');
  expect(outcome(tables, { isLive: false })).toBe('unknown');
});

test('many rules that may or may not write something down are given up as unknown, not followed for ever', () => {
  const sets = parseIpsetSave(Array.from({ length: 30 }, (_, i) => `create s${i} hash:ip family inet\n`).join(''));
  const rules = Array.from({ length: 30 }, (_, i) => `-A OUTPUT -m limit --limit 1/min -j SET --add-set s${i} src`);
  const dropping = '-A OUTPUT -m set --match-set s29 src -j DROP';
  expect(outcome(save(...rules, dropping), { sets })).toBe('unknown');
  expect(outcome(save(...rules), { sets })).toBe('works');
});

const proxied = (): Table[] =>
  parseIptablesSave(
    '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -i lo -p tcp -m tcp --dport 25 -j TPROXY --on-port 3129 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1\nCOMMIT\n',
    { file: 'x', family: 'ip' },
  );
const socket = { protocol: 'tcp', families: ['ip'], address: null, port: 3129, device: null } as const;

test('a proxy that is there, not there, or may not stand for others', () => {
  expect(outcome(proxied(), {})).toBe('unknown');
  expect(outcome(proxied(), { sockets: [] })).toBe('blocked');
  expect(outcome(proxied(), { sockets: [{ ...socket, isTransparent: true }] })).toBe('works');
  expect(outcome(proxied(), { sockets: [{ ...socket, isTransparent: false }] })).toBe('blocked');
  expect(outcome(proxied(), { sockets: [{ ...socket, isTransparent: null }] })).toBe('unknown');
  expect(outcome(proxied(), { sockets: [{ ...socket, families: ['ip6'], isTransparent: true }] })).toBe('blocked');
  expect(outcome(proxied(), { sockets: [{ ...socket, device: 'eth0', isTransparent: true }] })).toBe('blocked');
});

test('classes of net_cls are nobody’s where the controller is mounted nowhere', () => {
  const rule = () => save('-A OUTPUT -m cgroup --cgroup 65538 -j DROP');
  expect(outcome(rule(), { hasClasses: false })).toBe('works');
  expect(outcome(rule(), { hasClasses: true })).toBe('unknown');
  expect(outcome(rule(), {})).toBe('unknown');
  expect(outcome(save('-A OUTPUT -m cgroup --path web.slice -j DROP'), { hasClasses: false })).toBe('unknown');
});
