import { expect, test } from 'vitest';
import type { RulePlace } from '../../../src/firewall/conversation/trace.ts';
import { readRuleCounters } from '../../../src/host/rules/read-rule-counters.ts';
import { fakeHost } from '../../fakes/fake-host.ts';

const nft: RulePlace = {
  layer: 'nftables',
  variant: null,
  family: 'inet',
  table: 'filter',
  chain: 'out',
  number: 1,
  text: 'counter drop',
  handle: 2,
  line: null,
};
const saved: RulePlace = { ...nft, layer: 'iptables', variant: 'nft', family: 'ip', chain: 'OUTPUT', handle: null };

const document = (...items: object[]) => JSON.stringify({ nftables: [{ metainfo: { version: '1.1.3' } }, ...items] });
const inTable = { family: 'inet', table: 'filter' };
const counting = (chain: string, handle: number, packets: number) => ({
  rule: { ...inTable, chain, handle, expr: [{ counter: { packets, bytes: packets * 60 } }, { drop: null }] },
});
const list = ['nft', '-j', 'list', 'table', 'inet', 'filter'] as const;

test('a table and a chain with the handle of the rule are not taken for it', async () => {
  const stdout = document(
    { table: { family: 'inet', name: 'filter', handle: 2 } },
    { chain: { ...inTable, name: 'out', handle: 1 } },
    counting('out', 2, 7),
  );
  const host = fakeHost([{ command: list, stdout }]);
  expect(await readRuleCounters(host, [nft])).toEqual([7]);
  host.finish();
});

test('a rule of another chain, one without a counter and one that is gone have counted nothing that is known', async () => {
  const silent = { rule: { ...inTable, chain: 'out', handle: 3, expr: [{ drop: null }] } };
  const shared = { rule: { ...inTable, chain: 'out', handle: 5, expr: [{ counter: 'all' }, { drop: null }] } };
  const host = fakeHost([{ command: list, stdout: document(counting('in', 2, 7), silent, shared) }]);
  const rules = [nft, { ...nft, handle: 3 }, { ...nft, handle: 4 }, { ...nft, handle: 5 }, { ...nft, handle: null }];
  expect(await readRuleCounters(host, rules)).toEqual([null, null, null, null, null]);
});

test('what nft prints beside JSON is no counter', async () => {
  const host = fakeHost([{ command: list, code: 1, stdout: '', stderr: 'Error: No such file or directory' }]);
  expect(await readRuleCounters(host, [nft])).toEqual([null]);
});

test('a rule of iptables is found by its words wherever it stands by now, one of several alike by its number', async () => {
  const stdout = `*filter
:OUTPUT DROP [5:300]
[1:60] -A OUTPUT -m comment --comment "lo-doctor a1-log: 1" -j LOG
[9:540] -A OUTPUT -p tcp -j DROP
[2:120] -A OUTPUT -j DROP
[3:180] -A OUTPUT -j DROP
COMMIT
`;
  const host = fakeHost([{ command: ['iptables-nft-save', '-c', '-t', 'filter'], stdout }]);
  const rules = [
    { ...saved, number: 1, text: '-A OUTPUT -p tcp -j DROP' },
    { ...saved, number: 4, text: '-A OUTPUT -j DROP' },
    { ...saved, number: 2, text: '-A OUTPUT -j DROP' },
    { ...saved, number: 1, text: '-A OUTPUT -p udp -j DROP' },
    { ...saved, number: 0, text: 'policy drop' },
  ];
  expect(await readRuleCounters(host, rules)).toEqual([9, 3, 2, null, 5]);
});
