import { expect, test } from 'vitest';
import { findDirectRules, parseDirectRules } from '../../../src/firewall/firewalld/direct-rule.ts';
import { applyChange } from '../../../src/firewall/fix/rule/apply-change.ts';
import { type KnownRule, withOrigins } from '../../../src/firewall/questions/with-origins.ts';
import { rules, traceMail } from '../rules.ts';

const known = (chain: string, text: string, origin: string): KnownRule => ({
  family: 'ip',
  table: 'filter',
  chain,
  text,
  origin,
});

test('a rule is known by what it does, however its owner writes it, and keeps its name where others come before it', () => {
  const ruleset = withOrigins(rules('-A OUTPUT -p tcp -m tcp --dport 25 -m comment --comment "no mail" -j DROP'), [
    known('OUTPUT', '-A OUTPUT -p tcp --dport 26 -j DROP', 'another'),
    known('OUTPUT', '-A OUTPUT -p tcp --dport 25 -j DROP', 'the rule'),
  ]);
  expect(traceMail(ruleset).stoppedAt?.rule).toMatchObject({ number: 1, origin: 'the rule' });
  const [table] = ruleset.tables;
  const rule = table?.chains.get('OUTPUT')?.rules[0];
  if (table?.layer !== 'iptables' || rule === undefined) throw new Error('no rule');
  const place = { layer: table.layer, variant: table.variant, family: table.family, table: 'filter', chain: 'OUTPUT' };
  const other = rules('-A OUTPUT -p udp -j ACCEPT').tables[0]?.chains.get('OUTPUT')?.rules[0] ?? rule;
  const changed = applyChange(ruleset, { place, position: 1, rule: other });
  expect(traceMail(changed).stoppedAt?.rule).toMatchObject({ number: 2, origin: 'the rule' });
});

test('of equal rules the first that is known is the first', () => {
  const ruleset = withOrigins(rules('-A OUTPUT -j DROP', '-A OUTPUT -j DROP'), [
    known('OUTPUT', '-A OUTPUT -j DROP', 'first'),
    known('OUTPUT', '-A OUTPUT -j DROP', 'second'),
  ]);
  expect(ruleset.tables[0]?.chains.get('OUTPUT')?.rules.map(({ origin }) => origin)).toEqual(['first', 'second']);
});

test('a policy is known by what it is', () => {
  const policies = [known('OUTPUT', 'policy drop', 'the default')];
  expect(traceMail(withOrigins(rules(':OUTPUT DROP [0:0]'), policies)).stoppedAt?.rule.origin).toBe('the default');
  expect(withOrigins(rules(':OUTPUT ACCEPT [0:0]'), policies).tables[0]?.chains.get('OUTPUT')?.base?.origin).toBe(
    undefined,
  );
});

test('rules that nobody knows have no name', () => {
  expect(traceMail(withOrigins(rules('-A OUTPUT -j DROP'), [])).stoppedAt?.rule).not.toHaveProperty('origin');
});

test('direct rules of firewalld are known, passed-through ones too', () => {
  const direct = findDirectRules(
    parseDirectRules(
      "ipv4 filter OUTPUT 5 -p tcp --dport 25 -m comment --comment 'no mail' -j DROP\n",
      'ipv4 -t filter -I OUTPUT 1 -p tcp --dport 26 -j DROP\n',
    ),
  );
  const ruleset = withOrigins(
    rules('-A OUTPUT -p tcp -m tcp --dport 26 -j DROP', '-A OUTPUT -p tcp -m tcp --dport 25 -j DROP'),
    direct,
  );
  expect(ruleset.tables[0]?.chains.get('OUTPUT')?.rules.map(({ origin }) => origin)).toEqual([
    'firewalld passthrough: ipv4 -t filter -I OUTPUT 1 -p tcp --dport 26 -j DROP',
    "firewalld direct rule: ipv4 filter OUTPUT 5 -p tcp --dport 25 -m comment --comment 'no mail' -j DROP",
  ]);
});
