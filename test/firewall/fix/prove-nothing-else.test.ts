import { expect, test } from 'vitest';
import type { Change } from '../../../src/firewall/fix/plan.ts';
import { proveNothingElse } from '../../../src/firewall/fix/prove-nothing-else.ts';
import { applyChange } from '../../../src/firewall/fix/rule/apply-change.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';
import { rules } from './rules.ts';

const policy = rules(
  '-A OUTPUT -d 10.0.0.0/8 -p tcp -m tcp --dport 1000:2000 -j ACCEPT\n-A OUTPUT -o tun+ -j ACCEPT\n-A OUTPUT -m owner --uid-owner 33 -j ACCEPT\n-A OUTPUT -j DROP',
);

/** A change that puts a rule first in OUTPUT, and what is proved of it. */
function prove(line: string): ReturnType<typeof proveNothingElse> {
  const [rule] = rules(line).tables[0]?.chains.get('OUTPUT')?.rules ?? [];
  if (rule === undefined) throw new Error('no rule');
  const place = { layer: 'iptables', variant: 'nft', family: 'ip', table: 'filter', chain: 'OUTPUT' } as const;
  const change: Change = { place, position: 1, before: null, rule, reason: '' };
  return proveNothingElse(policy, applyChange(policy, change), [change]);
}

test('a permit for lo is proved to concern nothing else', () => {
  const proof = prove('-A OUTPUT -o lo -j ACCEPT');
  expect(proof).toMatchObject({ holds: true, hooks: expect.arrayContaining(['output']) });
  expect(proof.packets).toBeGreaterThan(50);
  expect(proof.statement).toContain(`${proof.packets} packets`);
});

test.each([
  ['for all interfaces', '-A OUTPUT -j ACCEPT'],
  ['for interfaces that start like lo', '-A OUTPUT -o lo+ -j ACCEPT'],
  ['for all but lo', '-A OUTPUT ! -o lo -j ACCEPT'],
  ['that drops', '-A OUTPUT -o lo -j DROP'],
  ['that marks packets', '-A OUTPUT -o lo -j MARK --set-mark 1'],
])('a rule %s is not', (_, line) => {
  expect(prove(line).holds).toBe(false);
});

/** What the evaluation alone finds: the change is hidden from the check of its construction. */
function sameByEvaluation(after: Ruleset): boolean {
  const harmless = rules('-A OUTPUT -o lo -j ACCEPT').tables[0]?.chains.get('OUTPUT')?.rules[0];
  if (harmless === undefined) throw new Error('no rule');
  const place = { layer: 'iptables', variant: 'nft', family: 'ip', table: 'filter', chain: 'OUTPUT' } as const;
  return proveNothingElse(policy, after, [{ place, position: 1, before: null, rule: harmless, reason: '' }]).holds;
}

test.each([
  [
    '-A OUTPUT -d 10.0.0.0/8 -p tcp -m tcp --dport 1000:2000 -j ACCEPT',
    '-A OUTPUT -d 10.0.0.0/8 -p tcp -m tcp --dport 1000:2001 -j ACCEPT',
  ],
  [
    '-A OUTPUT -d 10.0.0.0/8 -p tcp -m tcp --dport 1000:2000 -j ACCEPT',
    '-A OUTPUT -d 10.0.0.0/8 -p tcp -m tcp --dport 1001:2000 -j ACCEPT',
  ],
  ['-A OUTPUT -o tun+ -j ACCEPT', '-A OUTPUT -o eth9 -j ACCEPT'],
  ['-A OUTPUT -m owner --uid-owner 33 -j ACCEPT', '-A OUTPUT -m owner --uid-owner 33-34 -j ACCEPT'],
])('the sample sees the difference between %s and %s', (line, other) => {
  const text = (policy.tables[0]?.chains.get('OUTPUT')?.rules ?? []).map((rule) => rule.text).join('\n');
  expect(sameByEvaluation(rules(text))).toBe(true);
  expect(sameByEvaluation(rules(text.replace(line, other)))).toBe(false);
});
