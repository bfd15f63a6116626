import { expect, it } from 'vitest';
import {
  type DirectConfiguration,
  isSameDirect,
  printDirectTables,
} from '../../../src/firewall/firewalld/direct-configuration.ts';

const lines = (...all: readonly string[]) => all.map((line) => `${line}\n`).join('');

const direct = (parts: Partial<DirectConfiguration>): DirectConfiguration => ({
  rules: '',
  passthroughs: '',
  chains: '',
  ...parts,
});

const mail = 'ipv4 filter OUTPUT 5 -p tcp --dport 25 -j DROP';
const permit = "ipv4 filter OUTPUT -100 -o lo -m comment --comment 'lo-doctor k1: permit loopback' -j ACCEPT";
const other = 'ipv6 filter OUTPUT 5 -j DROP';

it('takes rules for the same that are told in another order of priorities, chains or families', () => {
  const one = direct({ rules: lines(mail, permit, other), chains: lines('ipv4 filter b', 'ipv4 filter a') });
  const another = direct({ rules: lines(other, permit, mail), chains: lines('ipv4 filter a', 'ipv4 filter b') });
  expect(isSameDirect(one, another)).toBe(true);
});

it('leaves bridges out', () => {
  expect(
    isSameDirect(direct({ rules: lines(mail, 'eb filter OUTPUT 0 -j DROP') }), direct({ rules: lines(mail) })),
  ).toBe(true);
});

it.each([
  ['a rule is missing', { rules: lines(mail, permit) }, { rules: lines(mail) }],
  [
    'rules of one priority change places',
    { rules: lines(mail, 'ipv4 filter OUTPUT 5 -j ACCEPT') },
    { rules: lines('ipv4 filter OUTPUT 5 -j ACCEPT', mail) },
  ],
  ['a passthrough that is no rule is missing', { passthroughs: lines('ipv4 -P OUTPUT DROP') }, {}],
  [
    'passthroughs change places',
    { passthroughs: lines('ipv4 -A OUTPUT -j DROP', 'ipv4 -A OUTPUT -j ACCEPT') },
    { passthroughs: lines('ipv4 -A OUTPUT -j ACCEPT', 'ipv4 -A OUTPUT -j DROP') },
  ],
  ['a chain is missing', { chains: lines('ipv4 filter mine') }, {}],
])('tells configurations apart where %s', (_, one, other) => {
  expect(isSameDirect(direct(one), direct(other))).toBe(false);
});

it('prints the tables in the order that firewalld makes: own chains, what puts itself first, priorities, passthroughs', () => {
  const configuration = direct({
    rules: lines(mail, permit, other),
    passthroughs: lines('ipv4 -A OUTPUT -j mine', 'ipv4 -I OUTPUT -p udp -j DROP', 'ipv4 -I OUTPUT -p icmp -j DROP'),
    chains: lines('ipv4 filter mine', 'ipv6 filter elsewhere'),
  });
  expect(printDirectTables(configuration)).toEqual([
    {
      family: 'ip',
      text: lines(
        '*filter',
        ':OUTPUT ACCEPT [0:0]',
        ':mine - [0:0]',
        '-A OUTPUT -p icmp -j DROP',
        '-A OUTPUT -p udp -j DROP',
        '-A OUTPUT -o lo -m comment --comment "lo-doctor k1: permit loopback" -j ACCEPT',
        '-A OUTPUT -p tcp --dport 25 -j DROP',
        '-A OUTPUT -j mine',
        'COMMIT',
      ),
    },
    {
      family: 'ip6',
      text: lines('*filter', ':OUTPUT ACCEPT [0:0]', ':elsewhere - [0:0]', '-A OUTPUT -j DROP', 'COMMIT'),
    },
  ]);
});
