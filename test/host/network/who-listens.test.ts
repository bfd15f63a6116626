import { expect, it } from 'vitest';
import { readListeners } from '../../../src/host/network/who-listens.ts';
import { fakeHost } from '../../fakes/fake-host.ts';

const ss = ['ss', '-H', '-ltnup'] as const;

it('reads what ss prints', async () => {
  const stdout = `udp   UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=4,fd=13))
tcp   LISTEN 0      128          0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=7,fd=3),("sshd",pid=8,fd=3))
tcp   LISTEN 0      511             [::1]:25            [::]:*    users:(("a "b) (",pid=9,fd=4))
tcp   LISTEN 0      511                *:80               *:*
udp   UNCONN 0      0      [fe80::1]%eth0:546          [::]:*
`;
  expect(await readListeners(fakeHost([{ command: ss, stdout }]))).toEqual([
    { protocol: 'udp', address: '127.0.0.53', port: 53, process: 'systemd-resolve', pid: 4 },
    { protocol: 'tcp', address: '0.0.0.0', port: 22, process: 'sshd', pid: 7 },
    { protocol: 'tcp', address: '::1', port: 25, process: 'a "b) (', pid: 9 },
    { protocol: 'tcp', address: '*', port: 80, process: null, pid: null },
    { protocol: 'udp', address: 'fe80::1', port: 546, process: null, pid: null },
  ]);
});

it('reads what netstat prints where there is no ss', async () => {
  const stdout = `Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      812/sshd
tcp6       0      0 :::80                   :::*                    LISTEN      -
udp        0      0 127.0.0.1:323           0.0.0.0:*                           9/chronyd
`;
  const host = fakeHost([
    { command: ss, code: 127 },
    { command: ['netstat', '-lntup'], stdout },
  ]);
  expect(await readListeners(host)).toEqual([
    { protocol: 'tcp', address: '0.0.0.0', port: 22, process: 'sshd', pid: 812 },
    { protocol: 'tcp', address: '::', port: 80, process: null, pid: null },
    { protocol: 'udp', address: '127.0.0.1', port: 323, process: 'chronyd', pid: 9 },
  ]);
});

const tables = ['cat', '/proc/net/tcp', '/proc/net/tcp6', '/proc/net/udp', '/proc/net/udp6'] as const;

const withoutTools = (answer: { code: number; stdout?: string }) =>
  fakeHost([
    { command: ss, code: 127 },
    { command: ['netstat', '-lntup'], code: 127 },
    { command: tables, ...answer },
  ]);

it("reads the kernel's own tables where neither is installed, and knows no programs", async () => {
  // A kernel without IPv6: cat complains of the missing ones.
  const stdout = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:9C40 0100007F:0019 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
   12: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4715 2 0000000000000000 0
`;
  expect(await readListeners(withoutTools({ code: 1, stdout }))).toEqual([
    { protocol: 'tcp', address: '127.0.0.1', port: 25, process: null, pid: null },
    { protocol: 'udp', address: '127.0.0.53', port: 53, process: null, pid: null },
  ]);
});

it('knows nothing where not even those can be read, which is not that nobody listens', async () => {
  expect(await readListeners(withoutTools({ code: 1 }))).toBe(null);
});
