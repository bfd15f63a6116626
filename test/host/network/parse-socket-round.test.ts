// Whose sockets are seen while a command runs: its own, those of the services behind it, and others'.
import { expect, test } from 'vitest';
import type { Host } from '../../../src/host/host.ts';
import { watchSockets } from '../../../src/host/network/watch-sockets.ts';

/** A host on which these rounds are seen; the watch then stands in the midst of the last one until it is stopped. */
const seeing = (...rounds: readonly (readonly string[])[]): Host => ({
  name: 'fake',
  run: async () => ({ code: 127, stdout: '', stderr: '', timedOut: false }),
  follow: () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return {
      lines: (async function* () {
        for (const round of rounds) {
          yield '@ 99';
          yield* round;
        }
        await promise;
      })(),
      stop: resolve,
    };
  },
});

const process = (pid: number, name: string, parent: number, start = 1000 + pid): string =>
  `${pid} (${name}) S ${parent} 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 ${start} 0 0`;
const SHELL = ['/proc/10/cmdline', process(10, 'sh', 5), process(99, 'sh', 5)];
const ss = (state: string, local: string, peer: string, users: string) =>
  `tcp   ${state} 0      1      ${local}      ${peer}  users:(${users}) ino:1 sk:2`;
const asks = ss('SYN-SENT', '127.0.0.1:40000', '127.0.0.1:8080', '("curl",pid=11,fd=5)');

const watch = async (...rounds: readonly (readonly string[])[]) => {
  const seen = await (await watchSockets(seeing(...rounds), 'mark', { first: 100, last: 50 })).stop();
  return {
    programs: seen.programs.map(({ name }) => name),
    sockets: seen.sockets.map(({ state, peer, isOwn, isBehind }) => {
      const whose = isOwn ? 'own' : isBehind ? 'behind' : 'other';
      return `${state} ${peer.address}:${peer.port} ${whose}`;
    }),
  };
};

test('a socket of a process that the command has started is its own, also in the last round', async () => {
  const { sockets, programs } = await watch([], [...SHELL, process(11, 'curl', 10), asks]);
  expect(sockets).toEqual(['SYN-SENT 127.0.0.1:8080 own']);
  expect(programs).toEqual(['sh', 'curl']);
});

test("a process stays the command's when its parent is gone, and no other that gets its number", async () => {
  const begun = [...SHELL, process(11, 'curl', 10)];
  expect((await watch([], begun, [process(11, 'curl', 1), asks])).sockets).toEqual(['SYN-SENT 127.0.0.1:8080 own']);
  expect((await watch([], begun, [process(11, 'curl', 1, 9), asks])).sockets).toEqual([
    'SYN-SENT 127.0.0.1:8080 other',
  ]);
});

test('what a service waits for that the command talks to is behind it, what others wait for is theirs', async () => {
  const round = [
    ...SHELL,
    process(11, 'curl', 10),
    process(20, 'proxy', 1),
    process(30, 'agent', 1),
    ss('LISTEN', '0.0.0.0:8090', '0.0.0.0:*', '("proxy",pid=20,fd=3)'),
    ss('ESTAB', '127.0.0.1:40001', '127.0.0.1:8090', '("curl",pid=11,fd=5)'),
    ss('ESTAB', '127.0.0.1:8090', '127.0.0.1:40001', '("proxy",pid=20,fd=4)'),
    // Another client of the same service is not behind it.
    ss('ESTAB', '127.0.0.1:8090', '127.0.0.1:50000', '("proxy",pid=20,fd=5)'),
    ss('ESTAB', '127.0.0.1:50000', '127.0.0.1:8090', '("agent",pid=30,fd=4)'),
    ss('SYN-SENT', '172.17.0.1:40002', '172.17.0.2:80', '("proxy",pid=20,fd=6)'),
    ss('SYN-SENT', '192.0.2.10:40003', '198.51.100.7:443', '("agent",pid=30,fd=7)'),
  ];
  const { sockets } = await watch([], round);
  expect(sockets.filter((one) => one.startsWith('SYN-SENT'))).toEqual([
    'SYN-SENT 172.17.0.2:80 behind',
    'SYN-SENT 198.51.100.7:443 other',
  ]);
});

test('what was there before is left out', async () => {
  const old = ss('SYN-SENT', '192.0.2.10:40003', '198.51.100.7:443', '("agent",pid=30,fd=7)');
  expect((await watch([old], [...SHELL, old])).sockets).toEqual([]);
});

test("without ss the kernel's own tables tell the same", async () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const row =
    '   0: 0100007F:9C40 0100007F:1F90 02 00000001:00000000 01:00000064 00000001    33        0 4712 2 0000000000000000 400 0 0 1 7';
  const held = ['/proc/11/fd:', 'total 0', 'lrwx------ 1 root root 64 Nov 28 16:00 5 -> socket:[4712]'];
  const { sockets } = await watch([head], [...SHELL, process(11, 'curl', 10), head, row, ...held]);
  expect(sockets).toEqual(['SYN-SENT 127.0.0.1:8080 own']);
});

test('nothing was seen where nothing can be followed', async () => {
  expect(await watch()).toEqual({ sockets: [], programs: [] });
});
