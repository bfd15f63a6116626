import { expect, it } from 'vitest';
import { armRollback } from '../../src/host/arm-rollback.ts';
import type { CaseRecord } from '../../src/host/case-file.ts';
import type { Command } from '../../src/host/host.ts';
import { putAwayScript, rollBackScript, WATCH_SCRIPT } from '../../src/host/rollback-scripts.ts';
import { type Expected, fakeHost } from '../fakes/fake-host.ts';

const record: CaseRecord = {
  schema: 'lo-doctor.case/1',
  id: 'c1',
  kind: 'trial',
  startedAt: '2026-11-22T17:00:00.000Z',
  apply: [],
  undo: [],
};
const directory = '/run/lo-doctor/c1';

function tee(name: string, input: string): Expected {
  return { command: ['tee', `${directory}/${name}`], input };
}

/** What is written before anything is started. */
const written: Expected[] = [
  { command: ['mkdir', '-m', '700', '/run/lo-doctor'], code: 1 },
  { command: ['stat', '-c', '%F %u %a', '/run/lo-doctor'], stdout: 'directory 0 700\n' },
  { command: ['id', '-u'], stdout: '0\n' },
  { command: ['mkdir', '-m', '700', directory] },
  tee('case.json', `${JSON.stringify(record)}\n`),
  tee('roll-back', rollBackScript('c1', [])),
  tee('put-away', putAwayScript('c1', 'trial')),
  tee('watch', WATCH_SCRIPT),
  { command: ['cat', '/proc/uptime'], stdout: '1000.00 2000.00\n' },
  tee('deadline.new', '105970\n'),
  { command: ['mv', `${directory}/deadline.new`, `${directory}/deadline`] },
  tee('armed', ''),
];
const namespaces: Command = [
  'stat',
  '-L',
  '-c',
  '%i',
  ...['/proc/self/ns/net', '/proc/1/ns/net', '/proc/self/ns/mnt', '/proc/1/ns/mnt'],
];
const systemd: Expected = { command: ['test', '-d', '/run/systemd/system'] };
const systemdRun: Command = [
  ...['systemd-run', '--quiet', '--unit=lo-doctor-c1', '--on-active=59', '--timer-property=AccuracySec=100ms'],
  ...['sh', `${directory}/watch`],
] as const;
const isActive: Command = ['systemctl', 'is-active', 'lo-doctor-c1.timer'];
const startWatch: Command = [
  'sh',
  '-c',
  'cd "$0" || exit; command -v setsid >/dev/null && own=setsid; $own sh ./watch </dev/null >/dev/null 2>&1 &',
  directory,
];
const watchdog: Expected[] = [
  { command: startWatch },
  { command: ['cat', `${directory}/watching`], code: 1 },
  { command: ['cat', `${directory}/watching`], stdout: '77\n' },
  { command: ['test', '-d', '/proc/77'] },
];

it('is armed by a timer of systemd where that sees the same network and files', async () => {
  const host = fakeHost([
    ...written,
    systemd,
    { command: namespaces, stdout: '1\n1\n2\n2\n' },
    { command: systemdRun },
    { command: isActive },
  ]);
  expect(await armRollback(host, record, 60)).toBe(directory);
  host.finish();
});

it.each([
  ['systemd does not run', [{ ...systemd, code: 1 }]],
  ['systemd runs in another network namespace', [systemd, { command: namespaces, stdout: '1\n9\n2\n2\n' }]],
  ['systemd sees other files', [systemd, { command: namespaces, stdout: '1\n1\n2\n9\n' }]],
  [
    'systemd does not take the timer',
    [
      systemd,
      { command: namespaces, stdout: '1\n1\n2\n2\n' },
      { command: systemdRun, code: 1 },
      { command: isActive, code: 3 },
    ],
  ],
] satisfies [string, Expected[]][])('is armed by a process of its own where %s', async (_, commands) => {
  const host = fakeHost([...written, ...commands, ...watchdog]);
  expect(await armRollback(host, record, 60)).toBe(directory);
  host.finish();
});

it('does not use a directory that somebody else could write into', async () => {
  const shared: Expected[] = [
    ['/run/lo-doctor', 'directory 0 755\n'],
    ['/var/lib/lo-doctor', 'symbolic link 0 777\n'],
  ].flatMap(([root = '', found = '']): Expected[] => [
    { command: ['mkdir', '-m', '700', root], code: 1 },
    { command: ['stat', '-c', '%F %u %a', root], stdout: found },
    { command: ['id', '-u'], stdout: '0\n' },
  ]);
  const host = fakeHost(shared);
  await expect(armRollback(host, record, 60)).rejects.toThrow(/nothing was changed/);
  host.finish();
});
