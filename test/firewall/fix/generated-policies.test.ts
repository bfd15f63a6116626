import { expect, test } from 'vitest';
import { planFix } from '../../../src/firewall/fix/plan-fix.ts';
import { HERE, rules } from '../rules.ts';

const planFor = (manager: string, ...lines: readonly string[]) =>
  planFix(rules(...lines), HERE, [], { kind: 'all' }, { caseId: 'c1', iptables: 'legacy', manager });

test.each([
  ['shorewall', '$FW $FW ACCEPT'],
  ['firehol', 'FIREHOL_TRUST_LOOPBACK=1'],
  ['csf', '/etc/csf/csfpost.sh'],
  ['ferm', '/etc/ferm/ferm.conf'],
])('rules that %s generates are saved in no file of theirs; how to tell it is said beforehand', (manager, way) => {
  const fix = planFor(manager, '-A OUTPUT -j DROP');
  expect(fix.changes).toHaveLength(1);
  expect(fix.bootInsertions).toEqual([]);
  expect(fix.notes.join()).toContain(way);
});

test('nothing is said of it where somebody else looks after the rules, or where nothing is to be done', () => {
  const fix = planFor('netfilter-persistent', '-A OUTPUT -j DROP');
  expect(fix.bootInsertions).toHaveLength(1);
  expect(fix.notes).toEqual([]);
  expect(planFor('shorewall', '-A OUTPUT -j ACCEPT').notes).toEqual([]);
});
