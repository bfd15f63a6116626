import { expect, test } from 'vitest';
import { findRuleFindings } from '../../../src/diagnosis/inspect/find-rule-findings.ts';
import { inspect } from '../../../src/diagnosis/inspect/inspect.ts';
import { parseDirectRules } from '../../../src/firewall/firewalld/direct-rule.ts';
import { rules } from '../../firewall/rules.ts';

/** What `check` says about logging on a server that the program looks after, with these rules. */
function advice(program: string, ...lines: readonly string[]): string | undefined {
  const inspection = inspect(
    {
      host: 'web1',
      ruleset: rules(...lines),
      ownAddresses: [],
      listeners: [],
      iptables: 'nft',
      ownerFacts: {
        installed: [{ name: program, isOn: true, startsAtBoot: true, evidence: 'it runs' }],
        directRules: program === 'firewalld' ? parseDirectRules('ipv4 filter OUTPUT 0 -j DROP\n', '') : [],
      },
      logs: null,
      way: null,
      dump: null,
    },
    'a1',
  );
  return findRuleFindings(inspection).find(({ id }) => id === 'drops-not-logged')?.advice;
}

test('what ufw drops by default, it logs at its levels; a single rule, it does not', () => {
  expect(advice('ufw', ':OUTPUT DROP [0:0]', ':ufw-before-output - [0:0]')).toContain('ufw logging low');
  const drop = (chain: string) => [`:${chain} - [0:0]`, `-A OUTPUT -j ${chain}`, `-A ${chain} -o lo -j DROP`];
  expect(advice('ufw', ...drop('ufw-before-output'))).toContain('in /etc/ufw/before.rules');
  expect(advice('ufw', ...drop('ufw-user-output'))).toContain('ufw deny out log 25/tcp');
});

test('firewalld does not log what its direct rules drop', () => {
  expect(advice('firewalld', '-A OUTPUT -j DROP')).toContain('not what direct rules drop');
});

test('for rules of nobody known there is only the LOG rule', () => {
  expect(advice('docker', '-A OUTPUT -j DROP')).toBe(
    'Put a LOG rule right before each of them, or let lo-doctor do so while it looks.',
  );
});
