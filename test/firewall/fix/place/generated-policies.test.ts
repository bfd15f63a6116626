import { expect, test } from 'vitest';
import type { Generator } from '../../../../src/firewall/fix/place/generated-policies.ts';
import { planFix } from '../../../../src/firewall/fix/plan-fix.ts';
import { HERE, rules } from '../../rules.ts';

const planFor = (generator: Partial<Generator>, ...lines: readonly string[]) => {
  const generators = [{ name: 'ferm', layers: ['iptables'], families: ['ip'], ...generator }] as const;
  return planFix(rules(...lines), HERE, [], { kind: 'all' }, { caseId: 'c1', iptables: 'legacy', generators });
};

test.each([
  ['shorewall', 'ACCEPT $FW $FW'],
  ['firehol', 'FIREHOL_TRUST_LOOPBACK="loose"'],
  ['csf', '/etc/csf/csfpost.sh'],
  ['ferm', '/etc/ferm/ferm.conf'],
  ['arno-iptables-firewall', '/etc/arno-iptables-firewall/custom-rules'],
])('rules that %s generates are saved in no file of theirs; how to tell it is said beforehand', (name, way) => {
  const fix = planFor({ name }, '-A OUTPUT -j DROP');
  expect(fix.changes).toHaveLength(1);
  expect(fix.bootInsertions).toEqual([]);
  expect(fix.bootAdvice.join()).toContain(way);
  expect(fix.notes).toEqual(fix.bootAdvice);
});

test.each<Partial<Generator>>([{ layers: ['iptables-legacy'] }, { families: ['ip6'] }])(
  'what is added where the generator makes nothing is saved as ever: %j',
  (elsewhere) => {
    const fix = planFor(elsewhere, '-A OUTPUT -j DROP');
    expect(fix.bootInsertions).toHaveLength(1);
    expect(fix.notes).toEqual([]);
  },
);

test('nothing is said of it where nothing is to be done', () => {
  expect(planFor({}, '-A OUTPUT -j ACCEPT').notes).toEqual([]);
});
