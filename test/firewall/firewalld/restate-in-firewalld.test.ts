import { expect, test } from 'vitest';
import { type DirectRule, parseDirectRules } from '../../../src/firewall/firewalld/direct-rule.ts';
import { planFix } from '../../../src/firewall/fix/plan-fix.ts';
import { HERE, rules } from '../rules.ts';

const ruleset = rules('-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT', '-A OUTPUT -j DROP');

const commandsWith = (directRules: readonly DirectRule[]) => {
  const options = { caseId: 'c1', iptables: 'legacy', manager: 'firewalld', directRules } as const;
  return planFix(ruleset, HERE, [], { kind: 'all' }, options).apply.map(({ command }) => command.join(' '));
};

test('a direct rule comes before all others of its chain, whatever their priorities are', () => {
  expect(commandsWith([])).toEqual([expect.stringContaining('--add-rule ipv4 filter OUTPUT -100 -o lo')]);
  const rest = 'ipv4 filter OUTPUT -200 -j DROP\nipv4 filter INPUT -500 -j DROP\nipv6 filter OUTPUT -600 -j DROP\n';
  expect(commandsWith(parseDirectRules(rest, ''))).toEqual([expect.stringContaining('filter OUTPUT -201 -o lo')]);
  expect(commandsWith(parseDirectRules('', 'ipv4 -A OUTPUT -j DROP\n'))[0]).toContain('filter OUTPUT -100 -o lo');
});

test('nothing is said by firewalld where another rule of its puts itself first whenever firewalld starts', () => {
  expect(commandsWith(parseDirectRules('', 'ipv4 -t filter -I OUTPUT -j DROP\n'))[0]).toMatch(
    /^iptables-nft .* -I OUTPUT 2/,
  );
});
