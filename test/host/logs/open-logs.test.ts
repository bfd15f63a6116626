// Followed logs as a whole, on a file of this machine: nothing that was written before the end is lost.
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Host } from '../../../src/host/host.ts';
import { localHost } from '../../../src/host/local.ts';
import { openLogs } from '../../../src/host/logs/open-logs.ts';

it('has every line that was written before it was stopped, however shortly', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'open-logs-'));
  const path = join(folder, 'syslog');
  try {
    for (const wait of [0, 20, 50]) {
      await writeFile(path, 'before\n');
      const logs = await openLogs(localHost(), [{ kind: 'file', id: path, path, state: 'written' }]);
      const lines: string[] = [];
      const listening = (async () => {
        for await (const { line } of logs.lines) lines.push(line);
      })();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await appendFile(path, 'first\nsecond\n');
      await new Promise((resolve) => setTimeout(resolve, wait));
      await logs.stop();
      await listening;
      expect(lines).toEqual(['first', 'second']);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('tells whoever reads that a log broke: it does not look like a silent one', async () => {
  const host = localHost();
  const broken: Host = {
    ...host,
    follow: () => ({
      // biome-ignore lint/correctness/useYield: it breaks before it has one.
      lines: (async function* () {
        throw new Error('the pipe broke');
      })(),
      stop: () => {},
    }),
  };
  const folder = await mkdtemp(join(tmpdir(), 'open-logs-'));
  const path = join(folder, 'syslog');
  try {
    await writeFile(path, 'before\n');
    const logs = await openLogs(broken, [{ kind: 'file', id: path, path, state: 'written' }]);
    const listening = (async () => {
      for await (const _line of logs.lines);
    })();
    await expect(listening).rejects.toThrow('the pipe broke');
    await logs.stop();
  } finally {
    await rm(folder, { recursive: true });
  }
});
