// nft's `th` fields read where ports would be, whatever the protocol is: as the kernel was seen to do with pings.
import { expect, test } from 'vitest';
import type { Rule, Ruleset } from '../../src/firewall/model/model.ts';
import type { Step } from '../../src/firewall/model/steps.ts';
import { summary, traceMail } from './rules.ts';

function outputRule(...steps: Step[]): Ruleset {
  const rule: Rule = { number: 1, text: 'the rule', line: null, handle: 1, comment: null, steps };
  const base = { hook: 'output', priority: 0, type: 'filter', policy: 'drop', devices: [] } as const;
  const chains = new Map([['out', { name: 'out', base, rules: [rule] }]]);
  return {
    tables: [{ layer: 'nftables', variant: null, family: 'inet', name: 't', dormant: false, chains, sets: new Map() }],
  };
}

const accept: Step = { kind: 'verdict', verdict: { kind: 'accept' } };
const ping = { protocol: 'icmp', sourcePort: null, destinationPort: null } as const;

test('a ping is in no set of TCP ports, and so outside of it', () => {
  const key = [
    { kind: 'field', field: 'meta l4proto' },
    { kind: 'field', field: 'th dport' },
  ] as const;
  const outside: Step = { kind: 'lookup', key, negated: true, set: { known: true, elements: [{ key: [6, 25] }] } };
  expect(summary(traceMail(outputRule(outside, accept), ping))).toBe('works, logged no');
  expect(traceMail(outputRule(outside, accept)).outcome).toBe('blocked');
});

test('the type and code of a ping stand where a source port would, its checksum where a destination port would', () => {
  const is = (field: 'th sport' | 'th dport', value: number): Step => ({
    kind: 'compare',
    operand: { kind: 'field', field },
    negated: false,
    values: [value],
  });
  expect(traceMail(outputRule(is('th sport', 8 * 256), accept), ping).stoppedAt?.packet).toBe('reply');
  expect(traceMail(outputRule(is('th dport', 25), accept), ping).outcome).toBe('unknown');
});
