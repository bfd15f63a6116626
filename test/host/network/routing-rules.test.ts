// Which rules of `ip rule` come before the local table, and how the kernel is asked about them.
import { expect, test } from 'vitest';
import { findEarlyRules } from '../../../src/host/network/routing-rules.ts';

const isOwn = (address: string) => address.startsWith('127.') || address === '::1' || address === '192.0.2.10';
const find = (...lines: string[]) => findEarlyRules(lines.map((line) => `${line}\n`).join(''), '127.0.0.1', isOwn);
const LOCAL = '100:\tfrom all lookup local';
const commandOf = (line: string) => find(line, LOCAL)[0]?.ask?.command.join(' ') ?? null;

test('behind the local table nothing counts', () => {
  expect(find('0:\tfrom all lookup local', '32766:\tfrom all lookup main', '32767:\tfrom all lookup default')).toEqual(
    [],
  );
});

test('without a rule for the local table all of them count', () => {
  expect(find('10:\tfrom all lookup 7', '32766:\tfrom all lookup main').map(({ line }) => line)).toEqual([
    '10: from all lookup 7',
  ]);
});

test.each([
  ['10:\tfrom all to 127.0.0.0/8 uidrange 33-35 unreachable', 'ip route get 127.0.0.1 uid 33'],
  ['10:\tfrom all ipproto tcp dport 5432 blackhole', 'ip route get 127.0.0.1 ipproto tcp dport 5432'],
  ['10:\tfrom all dport 5000-6000 prohibit', 'ip route get 127.0.0.1 ipproto tcp dport 5000'],
  ['10:\tfrom all fwmark 0x1/0xff lookup 100', 'ip route get 127.0.0.1 mark 0x1'],
  ['10:\tfrom 127.0.0.0/8 lookup 100', 'ip route get 127.0.0.1 from 127.0.0.1'],
  ['10:\tfrom all to 127.0.0.53 uidrange 33-33 unreachable', 'ip route get 127.0.0.53 uid 33'],
])('%s', (line, command) => {
  expect(commandOf(line)).toBe(command);
});

test.each([
  ['of another device', '10:\tfrom all iif eth0 lookup 100'],
  ['of sockets bound to one', '10:\tfrom all oif eth0 lookup 100'],
  ['turned round', '10:\tnot from all fwmark 0xca6c lookup 51820'],
  ['for others', '10:\tfrom all to 10.0.0.0/8 dport 25 lookup 100'],
  ['for everything, which the plain question answers', '10:\tfrom all to 127.0.0.0/8 prohibit'],
])('nothing is asked about a rule %s', (_, line) => {
  expect(commandOf(line)).toBe(null);
});
