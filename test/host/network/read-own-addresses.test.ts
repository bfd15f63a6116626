// Own addresses by whatever this server has to tell them.
import { expect, test } from 'vitest';
import { readOwnAddresses } from '../../../src/host/network/read-own-addresses.ts';
import { fakeHost } from '../../fakes/fake-host.ts';

const json = { command: ['ip', '-j', 'address'], code: 255 } as const;
const lines = ['ip', '-o', 'address'] as const;
const words = ['hostname', '-I'] as const;

test('an ip that knows no JSON tells them line by line', async () => {
  const stdout = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever preferred_lft forever
2: eth0    inet6 fd00::10/64 scope global \\       valid_lft forever preferred_lft forever
2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever
`;
  expect(await readOwnAddresses(fakeHost([json, { command: lines, stdout }]))).toEqual(['192.0.2.10', 'fd00::10']);
});

test("without ip it is hostname, or the kernel's own lists", async () => {
  const none = [json, { command: lines, code: 127 }] as const;
  const named = fakeHost([...none, { command: words, stdout: '192.0.2.10 fd00::10 \n' }]);
  expect(await readOwnAddresses(named)).toEqual(['192.0.2.10', 'fd00::10']);
  const stdout = `Local:
  +-- 127.0.0.0/8 2 0 2
     |-- 127.0.0.1
        /32 host LOCAL
  +-- 192.0.2.0/24 2 0 2
     |-- 192.0.2.10
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
fe800000000000000000000000000001 02 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
fd000000000000000000000000000010 02 40 00 80     eth0
`;
  const listed = fakeHost([
    ...none,
    { command: words, code: 1 },
    { command: ['cat', '/proc/net/fib_trie', '/proc/net/if_inet6'], stdout },
  ]);
  expect(await readOwnAddresses(listed)).toEqual(['192.0.2.10', 'fd00::10']);
});
