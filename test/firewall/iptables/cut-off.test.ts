// A rule that ends in the middle, or has a value that its option can't have, is no rule that is known.
import { expect, test } from 'vitest';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import { summary, traceMail } from '../rules.ts';

const tables = (...rules: string[]) =>
  parseIptablesSave(`*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rules.join('\n')}\nCOMMIT\n`, {
    file: 'dump',
    family: 'ip',
  });

const judged = (...rules: string[]) => summary(traceMail({ tables: tables(...rules) }));

test.each([
  '-A OUTPUT -o lo -j',
  '-A OUTPUT -o',
  '-A OUTPUT -p tcp -m tcp --dport',
  '-A OUTPUT -j LOG --log-prefix',
  '-A OUTPUT -o lo -m',
  '-A OUTPUT !',
  '-A OUTPUT -j REJECT --reject-with',
  '-A OUTPUT -m set --match-set only',
])('%s: what the rest of it said is not known', (rule) => {
  expect(judged(rule)).toMatch(/^unknown/);
});

test('a hashlimit without a rate may be over it or not', () => {
  expect(judged('-A OUTPUT -m hashlimit --hashlimit-name mail -j ACCEPT', '-A OUTPUT -j DROP')).toMatch(/^unknown/);
});

test('a group of NFLOG that is none is not group 0', () => {
  const steps = (group: string) =>
    tables(`-A OUTPUT -j NFLOG --nflog-group ${group}`)[0]?.chains.get('OUTPUT')?.rules[0]?.steps;
  expect(steps('5')).toMatchObject([{ kind: 'log', group: 5 }]);
  expect(steps('mail')).toMatchObject([{ kind: 'verdict', verdict: { kind: 'unknown' } }]);
});
