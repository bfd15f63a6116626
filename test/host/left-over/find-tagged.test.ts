import { expect, test } from 'vitest';
import { findTagged } from '../../../src/host/left-over/find-tagged.ts';
import { fakeHost } from '../../fakes/fake-host.ts';

const tag = 'lo-doctor a1: permit loopback';
const inHex = Buffer.from(tag).toString('hex');

const serverOf = (stdoutOf: (command: readonly string[]) => string) => ({
  ...fakeHost([]),
  run: async (command: readonly string[]) => ({ code: 0, stdout: stdoutOf(command), stderr: '', timedOut: false }),
});

test('a tag is found in force and in the files of the next boot, also as ufw writes it, once a place', async () => {
  const host = serverOf(([program]) => {
    if (program === 'grep')
      return `/etc/iptables/rules.v4:lo-doctor a1: \n/etc/iptables/rules.v4:lo-doctor a1: \n/etc/ufw/user.rules:${inHex}\n`;
    return program === 'iptables-save' ? `-A OUTPUT -m comment --comment "${tag}" -j ACCEPT\n` : '';
  });
  expect(await findTagged(host)).toEqual([
    { id: 'a1', where: 'in force (iptables-save)' },
    { id: 'a1', where: '/etc/iptables/rules.v4' },
    { id: 'a1', where: '/etc/ufw/user.rules' },
  ]);
});

test('the files are searched by what grep finds the tag by, in either form', async () => {
  let pattern = '';
  const host = serverOf(([program, , expression = '']) => {
    if (program === 'grep') pattern = expression;
    return '';
  });
  await findTagged(host);
  expect(tag).toMatch(new RegExp(pattern));
  expect(inHex).toMatch(new RegExp(pattern));
  expect('lo-doctor is no case').not.toMatch(new RegExp(pattern));
});

test('what could be no name of a case is none, in digits neither', async () => {
  const bad = Buffer.from('lo-doctor a b/c: ').toString('hex');
  expect(await findTagged(serverOf(() => `lo-doctor ../x: ${bad}`))).toEqual([]);
});
