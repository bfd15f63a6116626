// The final rule is found by what it does to packets that reach it, and whether it logs by what a packet on lo meets before it.
import { expect, test } from 'vitest';
import { findFinalRules } from '../../../src/firewall/questions/final-rule.ts';
import { HERE, rules } from '../rules.ts';

/** `number action, stops at CHAIN number, logs by CHAIN number` for the one filter chain. */
function finalOf(...lines: string[]): string {
  const [final, ...others] = findFinalRules(rules(...lines), HERE);
  if (!final || others.length > 0) throw new Error('one output chain expected');
  const at = (place: { chain: string; number: number } | null) => (place ? `${place.chain} ${place.number}` : '-');
  return `${final.rule.number} ${final.action}, stop ${at(final.stop)}, ${final.logs} ${at(final.logger)}`;
}

test.each([
  ['a policy of its own never logs', [':OUTPUT DROP [0:0]'], '0 drop, stop OUTPUT 0, never -'],
  ['an accepting policy', [':OUTPUT ACCEPT [0:0]'], '0 accept, stop -, never -'],
  ['LOG before DROP', ['-A OUTPUT -j LOG', '-A OUTPUT -j DROP'], '2 drop, stop OUTPUT 2, always OUTPUT 1'],
  ['LOG before the policy', [':OUTPUT DROP [0:0]', '-A OUTPUT -j LOG'], '0 drop, stop OUTPUT 0, always OUTPUT 1'],
  [
    'LOG behind DROP is never reached',
    ['-A OUTPUT -j DROP', '-A OUTPUT -j LOG'],
    '1 drop, stop OUTPUT 1, unreachable OUTPUT 2',
  ],
  [
    'a limited LOG',
    ['-A OUTPUT -m limit --limit 1/sec -j LOG', '-A OUTPUT -j REJECT'],
    '2 reject, stop OUTPUT 2, limited OUTPUT 1',
  ],
  [
    'a full LOG beside a limited one',
    ['-A OUTPUT -m limit --limit 1/sec -j LOG', '-A OUTPUT -j NFLOG', '-A OUTPUT -j DROP'],
    '3 drop, stop OUTPUT 3, always OUTPUT 2',
  ],
  [
    'a LOG for other traffic says nothing of lo',
    ['-A OUTPUT -o eth0 -j LOG', '-A OUTPUT -j DROP'],
    '2 drop, stop OUTPUT 2, never -',
  ],
  [
    'a chain that logs and drops',
    [':D - [0:0]', '-A OUTPUT -j D', '-A D -j LOG', '-A D -j DROP'],
    '1 drop, stop D 2, always D 1',
  ],
  [
    'a chain with its LOG behind its DROP',
    [':D - [0:0]', '-A OUTPUT -g D', '-A D -j DROP', '-A D -j LOG'],
    '1 drop, stop D 1, unreachable D 2',
  ],
  [
    'lo passes, the rest is logged',
    ['-A OUTPUT -o lo -j ACCEPT', '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'],
    '3 drop, stop -, always OUTPUT 2',
  ],
  [
    'lo passes, a chain logs the rest',
    [':D - [0:0]', '-A OUTPUT -o lo -j ACCEPT', '-A OUTPUT -j D', '-A D -j LOG', '-A D -j DROP'],
    '2 drop, stop -, always D 1',
  ],
  [
    'lo passes, a chain in front of the policy logs the rest within a limit, as ufw has it',
    [
      ':OUTPUT DROP [0:0]',
      ':L - [0:0]',
      '-A OUTPUT -o lo -j ACCEPT',
      '-A OUTPUT -j L',
      '-A L -m limit --limit 3/min -j LOG --log-prefix "[UFW BLOCK] "',
    ],
    '0 drop, stop -, limited L 1',
  ],
  [
    'lo passes, a chain that only some packets are handed to does not log the rest',
    [':L - [0:0]', '-A OUTPUT -o lo -j ACCEPT', '-A OUTPUT -o eth0 -j L', '-A OUTPUT -j DROP', '-A L -j LOG'],
    '3 drop, stop -, never -',
  ],
  [
    'a drop of new connections is final',
    ['-A OUTPUT -m state --state ESTABLISHED -j ACCEPT', '-A OUTPUT -m state --state NEW -j DROP'],
    '2 drop, stop OUTPUT 2, never -',
  ],
  [
    'an earlier drop of lo is not the final rule',
    ['-A OUTPUT -o lo -j DROP', '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'],
    '3 drop, stop OUTPUT 1, unreachable OUTPUT 2',
  ],
])('%s', (_, lines, expected) => {
  expect(finalOf(...lines)).toBe(expected);
});

test('tables without rules are no outbound policies, tables with rules are', () => {
  const ruleset = rules(
    '*raw',
    'COMMIT',
    '*mangle',
    '-A OUTPUT -o lo -j DROP',
    'COMMIT',
    '*filter',
    ':OUTPUT ACCEPT [0:0]',
    'COMMIT',
  );
  expect(findFinalRules(ruleset, HERE).map(({ rule }) => rule.table)).toEqual(['mangle', 'filter']);
});
