import { expect, test } from 'vitest';
import type { PlannedCommand } from '../../../src/firewall/fix/plan.ts';
import { findRulesWithoutTag, findTagInBootFiles } from '../../../src/host/left-over/look-for-left-overs.ts';
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

test('the files of the next boot are searched for the tag, also as ufw writes it', async () => {
  const told: string[] = [];
  const host = {
    ...fakeHost([]),
    run: async (command: readonly string[]) => {
      told.push(command.join(' '));
      return { code: 2, stdout: '/etc/iptables/rules.v4\n', stderr: '', timedOut: false };
    },
  };
  expect(await findTagInBootFiles(host, 'a1')).toEqual(['/etc/iptables/rules.v4']);
  expect(told[0]).toContain('lo-doctor a1: ');
  expect(told[0]).toContain(Buffer.from('lo-doctor a1: ').toString('hex'));
});
