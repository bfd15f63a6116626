import { expect, test } from 'vitest';
import { resolveName } from '../../../src/host/network/resolve-name.ts';
import { fakeHost } from '../../fakes/fake-host.ts';

const getent = ['getent', 'ahosts', 'localhost'] as const;

test('names are what getent says, each address once', async () => {
  const stdout = '::1 STREAM localhost\n::1 DGRAM\n127.0.0.1 STREAM\n';
  expect(await resolveName(fakeHost([{ command: getent, stdout }]), 'localhost')).toEqual(['::1', '127.0.0.1']);
  expect(await resolveName(fakeHost([{ command: getent, code: 2 }]), 'localhost')).toEqual([]);
});

test('without getent they are what /etc/hosts says', async () => {
  const stdout =
    '# localhost 9.9.9.9\n127.0.0.1\tlocalhost web1 # localhost\n::1 ip6-localhost localhost\n127.0.1.1 localhost.local\n';
  const host = fakeHost([
    { command: getent, code: 127 },
    { command: ['cat', '/etc/hosts'], stdout },
  ]);
  expect(await resolveName(host, 'localhost')).toEqual(['127.0.0.1', '::1']);
});
