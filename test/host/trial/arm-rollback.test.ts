import { expect, it } from 'vitest';
import type { Command } from '../../../src/host/host.ts';
import { unitFiles, unitText } from '../../../src/host/left-over/boot-unit.ts';
import { armRollback } from '../../../src/host/trial/arm-rollback.ts';
import { BOOT_ID, type CaseRecord } from '../../../src/host/trial/case-file.ts';
import {
  AT_BOOT_SCRIPT,
  putAwayScript,
  rollBackScript,
  WATCH_SCRIPT,
} from '../../../src/host/trial/rollback-scripts.ts';
import { type Expected, fakeHost } from '../../fakes/fake-host.ts';

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
  // The records: there are none yet.
  { command: ['stat', '-c', '%F %u %a', '/var/lib/lo-doctor'], code: 1 },
  { command: ['id', '-u'], stdout: '0\n' },
  { command: ['mkdir', '-m', '700', directory] },
  tee('case.json', `${JSON.stringify(record)}\n`),
  tee('roll-back', rollBackScript('c1', [])),
  tee('put-away', putAwayScript('c1', 'trial')),
  tee('watch', WATCH_SCRIPT),
  { command: ['cat', BOOT_ID], stdout: 'boot-1\n' },
  tee('boot', 'boot-1\n'),
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
const disk = '/var/lib/lo-doctor/c1';

/** What goes to the disk: all that takes the case back after a power cut, and the mark of it last. */
const remembered = (isPrivate: boolean): Expected[] => [
  { command: ['mkdir', '-p', '-m', '700', '/var/lib/lo-doctor', disk] },
  {
    command: ['stat', '-c', '%F %u %a', '/var/lib/lo-doctor', disk],
    stdout: `directory 0 700\ndirectory ${isPrivate ? 0 : 1000} 700\n`,
  },
  { command: ['id', '-u'], stdout: '0\n' },
  ...(isPrivate ? onDisk : []),
];
const needed = ['case.json', 'roll-back', 'put-away', 'boot'];
const onDisk: Expected[] = [
  { command: ['cp', '-p', ...needed.map((name) => `${directory}/${name}`), `${disk}/`] },
  { command: ['tee', `${disk}/at-boot`], input: AT_BOOT_SCRIPT },
  { command: ['sync', ...needed.map((name) => `${disk}/${name}`), `${disk}/at-boot`] },
  { command: ['tee', `${disk}/lost`], input: '' },
];
const synced: Expected = { command: ['sync', disk, '/var/lib/lo-doctor'] };
const [unit = '', want = ''] = unitFiles('c1');
const atBoot: Expected[] = [
  { command: ['mkdir', '-p', '/etc/systemd/system/multi-user.target.wants'] },
  { command: ['tee', unit], input: unitText('c1', disk) },
  { command: ['ln', '-sfn', '../lo-doctor-at-boot-c1.service', want] },
  { command: ['sync', unit, '/etc/systemd/system', '/etc/systemd/system/multi-user.target.wants'] },
];
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
    ...remembered(true),
    ...atBoot,
    synced,
    { command: systemdRun },
    { command: isActive },
  ]);
  expect(await armRollback(host, record, 60)).toBe(directory);
  host.finish();
});

it.each([
  ['systemd does not run', [{ ...systemd, code: 1 }, ...remembered(true), synced]],
  [
    'systemd runs in another network namespace',
    [systemd, { command: namespaces, stdout: '1\n9\n2\n2\n' }, ...remembered(true), synced],
  ],
  [
    'systemd sees other files, and the disk is not for root alone',
    [systemd, { command: namespaces, stdout: '1\n1\n2\n9\n' }, ...remembered(false)],
  ],
  [
    'systemd does not take the timer',
    [
      systemd,
      { command: namespaces, stdout: '1\n1\n2\n2\n' },
      ...remembered(true),
      ...atBoot,
      synced,
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
