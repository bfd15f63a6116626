// Without root nothing can be said of cases: neither that there is one, nor that there is none.
import { expect, test } from 'vitest';
import { runConfirm, runUndo } from '../../../src/commands/cases/cases.ts';
import { runReport } from '../../../src/commands/cases/report.ts';
import { runFix } from '../../../src/commands/fix/fix.ts';
import type { Host } from '../../../src/host/host.ts';
import { practiceHost } from '../../../src/host/practice/practice-host.ts';
import { testIo } from '../io.ts';

const io = { stdout: () => {}, stderr: () => {} };
const MARKDOWN = { format: 'md', privacy: false } as const;

/** The practice server as www-data sees it. */
const withoutRoot = (): Host => {
  const host = practiceHost('mail');
  return { ...host, run: (command, options) => host.run(['sudo', '-u', 'www-data', ...command], options) };
};

test.each<[string, (host: Host) => Promise<number>]>([
  ['report', (host) => runReport(null, MARKDOWN, host, io)],
  ['report CASE', (host) => runReport('a1', MARKDOWN, host, io)],
  ['undo', (host) => runUndo(null, host, io)],
  ['confirm', (host) => runConfirm(null, host, io)],
])('%s says without root that it cannot look', async (_, run) => {
  await expect(run(withoutRoot())).rejects.toThrow('by root alone');
});

test('and with root that there is none', async () => {
  await expect(runReport(null, MARKDOWN, practiceHost('mail'), io)).rejects.toThrow('There is no report');
  await expect(runUndo(null, practiceHost('mail'), io)).rejects.toThrow('no fix');
});

test('a report for strangers tells nothing of the server in any format, and has the same new names each time', async () => {
  const host = practiceHost('own-address', { speed: 20 });
  await runFix(
    { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: null, json: false },
    { host, caseId: 'a1', io: testIo().io },
  );
  await host.run(['tee', '/etc/passwd'], {
    input: 'root:x:0:0::/root:/bin/sh\nreport:x:1000:1000::/home/report:/bin/sh\n',
  });
  const print = async (format: 'md' | 'html' | 'json', privacy: boolean) => {
    const { io, written } = testIo();
    await runReport('a1', { format, privacy }, host, io);
    return written.stdout;
  };
  const names = new Set<string>();
  for (const format of ['md', 'html', 'json'] as const) {
    expect(await print(format, false)).toMatch(/192\.0\.2\.10/);
    const told = await print(format, true);
    expect(told).not.toMatch(/web1|192\.0\.2\.10|example\.org|198\.51\.100/);
    expect(told).toBe(await print(format, true));
    names.add(/lo-doctor on (\w+)|"host":"(\w+)"/.exec(told)?.slice(1).find(Boolean) ?? '');
  }
  expect(names.size).toBe(1);
  expect(JSON.parse(await print('json', true))).toMatchObject({ schema: 'lo-doctor.report/1', case: 'a1' });
});
