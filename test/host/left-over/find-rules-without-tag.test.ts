import { expect, test } from 'vitest';
import type { PlannedCommand } from '../../../src/firewall/fix/plan.ts';
import { findRulesWithoutTag } from '../../../src/host/left-over/find-rules-without-tag.ts';
import { fakeHost } from '../../fakes/fake-host.ts';

const words = ['-o', 'lo', '-m', 'comment', '--comment', 'lo-doctor a1: permit loopback', '-j', 'ACCEPT'];
const undo: PlannedCommand[] = [{ command: ['iptables', '-w', '5', '-t', 'filter', '-D', 'OUTPUT', ...words] }];
const listing = (...rules: string[]) =>
  fakeHost([{ command: ['iptables-save', '-t', 'filter'], stdout: `*filter\n${rules.join('\n')}\nCOMMIT\n` }]);

test('a rule whose comment was changed, or taken away, is found', async () => {
  const changed = '-A OUTPUT -o lo -m comment --comment "mine now" -j ACCEPT';
  const bare = '-A OUTPUT -o lo -j ACCEPT';
  expect(await findRulesWithoutTag(listing(changed, bare), 'a1', undo)).toEqual([changed, bare]);
});

test('other rules are not', async () => {
  const others = ['-A OUTPUT -o eth0 -j ACCEPT', '-A INPUT -o lo -j ACCEPT', '-A OUTPUT -o lo -j DROP'];
  expect(await findRulesWithoutTag(listing(...others), 'a1', undo)).toEqual([]);
});

test('rules of nft and ufw are asked for by their tag alone', async () => {
  expect(await findRulesWithoutTag(fakeHost([]), 'a1', [{ command: ['sh', '-c', 'nft'] }])).toEqual([]);
});
