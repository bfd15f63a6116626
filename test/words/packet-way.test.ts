import { expect, test } from 'vitest';
import type { Stop } from '../../src/firewall/conversation/trace.ts';
import { layOut, lineText } from '../../src/words/lay-out.ts';
import type { Glyphs } from '../../src/words/packet-way.ts';
import { tellWay } from '../../src/words/packet-way.ts';

const rule = {
  layer: 'iptables',
  family: 'ip',
  table: 'filter',
  chain: 'OUTPUT',
  number: 6,
  text: '-A OUTPUT -j DROP',
};
const stop = (parts: Partial<Stop>): Stop => ({
  packet: 'request',
  hook: 'output',
  rule: { ...rule, variant: 'nft' } as Stop['rule'],
  verdict: 'drop',
  ...parts,
});

const drawn = (parts: Partial<Stop>, width = 78, glyphs: Glyphs = 'ascii') =>
  layOut(tellWay(stop(parts)), width, { glyphs }).map(lineText);

test('the cross stands where the packet was stopped, and below it by what', () => {
  expect(drawn({})).toEqual([
    '  program --> OUTPUT --X lo ... INPUT ... service',
    '                       `- dropped here by rule 6',
  ]);
  expect(drawn({ hook: 'input', verdict: 'reject', rule: { ...stop({}).rule, number: 0 } })).toEqual([
    '  program --> OUTPUT --> lo --> INPUT --X service',
    '                                        `- rejected here by the policy',
  ]);
});

test('a terminal with Unicode has it in lines and arrows, in the same columns', () => {
  expect(drawn({}, 78, 'unicode')).toEqual([
    '  program ──▸ OUTPUT ──✗ lo ┄┄┄ INPUT ┄┄┄ service',
    '                       └─ dropped here by rule 6',
  ]);
});

test('a reply starts at the service, and an unusual hook stands where it is met', () => {
  expect(drawn({ packet: 'reply', hook: 'prerouting' })[0]).toBe(
    '  service --> OUTPUT --> lo --> PREROUTING --X INPUT ... program',
  );
});

test('in a narrow window each station has a line', () => {
  expect(drawn({}, 40)).toEqual([
    '  program',
    '  --X OUTPUT dropped here by rule 6',
    '  ... lo',
    '  ... INPUT',
    '  ... service',
  ]);
});

test('a hook that no loopback packet meets is not drawn', () => {
  expect(drawn({ hook: 'forward' })).toEqual([]);
});
