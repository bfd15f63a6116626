// Without root nothing can be said of cases: neither that there is one, nor that there is none.
import { expect, test } from 'vitest';
import { runConfirm, runReport, runUndo } from '../../../src/commands/cases/cases.ts';
import type { Host } from '../../../src/host/host.ts';
import { practiceHost } from '../../../src/host/practice/practice-host.ts';

const io = { stdout: () => {} };

/** The practice server as www-data sees it. */
const withoutRoot = (): Host => {
  const host = practiceHost('mail');
  return { ...host, run: (command, options) => host.run(['sudo', '-u', 'www-data', ...command], options) };
};

test.each<[string, (host: Host) => Promise<number>]>([
  ['report', (host) => runReport(null, 'md', host, io)],
  ['report CASE', (host) => runReport('a1', 'md', host, io)],
  ['undo', (host) => runUndo(null, host, io)],
  ['confirm', (host) => runConfirm(null, host, io)],
])('%s says without root that it cannot look', async (_, run) => {
  await expect(run(withoutRoot())).rejects.toThrow('by root alone');
});

test('and with root that there is none', async () => {
  await expect(runReport(null, 'md', practiceHost('mail'), io)).rejects.toThrow('There is no report');
  await expect(runUndo(null, practiceHost('mail'), io)).rejects.toThrow('no fix');
});
