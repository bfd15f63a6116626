// A monitoring daemon runs the built program: it knows nothing but the exit code and the first line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bundle } from '../kernel/situation.ts';

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-daemon-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, output: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${output}COMMIT\n`);
  return path;
};
const of = (name: string, output: string) => ['--rules4', file(name, output), '--rules6', file(`${name}6`, output)];

const STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

/** What the daemon makes of a check: a state by the exit code, which the line must say too, and numbers. */
const runCheck = (args: readonly string[]) => {
  const { status, stdout } = spawnSync(process.execPath, [bundle, 'check', ...args], { encoding: 'utf8', input: '' });
  const [line = '', ...others] = stdout.split('\n');
  const [text = '', numbers = ''] = line.split('|');
  expect(others).toEqual(['']);
  expect(text).toMatch(/^LO-DOCTOR [A-Z]+ - \S/);
  const perfdata = Object.fromEntries(
    [...numbers.matchAll(/(\w+)=(\d+)/g)].map(([, label, value]) => [label, Number(value)]),
  );
  expect(text.split(' ')[1]).toBe(STATES[status ?? -1]);
  return { state: STATES[status ?? -1], text, perfdata };
};

test('the states of a server as the daemon sees them', () => {
  const nagios = ['--format', 'nagios'];
  const lo = '-A OUTPUT -o lo -j ACCEPT\n';
  expect(runCheck([...nagios, ...of('drop', '-A OUTPUT -j DROP\n')])).toMatchObject({
    state: 'CRITICAL',
    perfdata: { loopback_blocked: 3, silent_drops: 2 },
  });
  expect(runCheck([...nagios, ...of('silent', `${lo}-A OUTPUT -j DROP\n`)]).state).toBe('WARNING');
  expect(runCheck([...nagios, ...of('well', `${lo}-A OUTPUT -j LOG\n-A OUTPUT -j DROP\n`)])).toMatchObject({
    state: 'OK',
    perfdata: { loopback_blocked: 0, loopback_unknown: 0, silent_drops: 0, problems: 0 },
  });
  expect(runCheck(['--format=nagios', '--rules', join(folder, 'none')]).text).toContain('there is no such file');
});

test.each([
  ['an unknown flag', ['--bogus']],
  ['a flag without its value', ['--rules']],
  ['two formats', ['--json']],
  ['a file for the wrong format', ['--output', '/dev/null']],
  ['quiet, which is no answer', ['--quiet']],
  ['a word too many', ['now']],
])('wrong usage is UNKNOWN, and no critical state: %s', (_, args) => {
  expect(runCheck(['--format', 'nagios', ...args]).state).toBe('UNKNOWN');
});

test('cron hears nothing as long as loopback passes', () => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, 'check', '--quiet', ...args], {
      encoding: 'utf8',
      input: '',
    });
    return { status, stdout, stderr };
  };
  expect(run(...of('healthy', ''))).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(run(...of('stopped', '-A OUTPUT -j DROP\n'))).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('blocks loopback'),
    stderr: '',
  });
  expect(run('--rules', join(folder, 'none'))).toMatchObject({
    status: 3,
    stdout: '',
    stderr: expect.stringContaining('no such file'),
  });
});
