import { expect, it } from 'vitest';
import { HostError } from '../../../src/host/host.ts';
import { checkedId, listCases, readCase } from '../../../src/host/trial/case-file.ts';
import { type Expected, fakeHost } from '../../fakes/fake-host.ts';

const record = {
  schema: 'lo-doctor.case/1',
  id: 'a',
  kind: 'trial',
  startedAt: '2026-11-22T17:00:00.000Z',
  apply: [{ command: ['iptables', '-A', 'OUTPUT'] }],
  undo: [{ command: ['nft', '-f', '-'], input: 'x' }],
};

/** How `stat` shows the files of a case: those of `lies`, each after its two directories. */
const ours = { directory: 'directory 0 700', file: 'regular file 0 644', empty: 'regular empty file 0 600' };
const usual = [ours.directory, ours.directory, ours.empty, ours.file, ours.file, ours.file];

/** A case as it lies in its directory. */
function lies(directory: string, state: string, document: unknown): Expected[] {
  return [...looks(directory, state, usual), ...reads(directory, document)];
}

function looks(directory: string, state: string, found: readonly string[]): Expected[] {
  const root = directory.slice(0, directory.lastIndexOf('/'));
  const files = [state, 'case.json', 'log', 'watch'].map((name) => `${directory}/${name}`);
  return [
    { command: ['ls', '-1', directory], stdout: `case.json\nlog\n${state}\nwatch\n` },
    {
      command: ['stat', '-c', '%F %u %a', root, directory, ...files],
      code: found.length === 6 ? 0 : 1,
      stdout: found.map((line) => `${line}\n`).join(''),
    },
    { command: ['id', '-u'], stdout: '0\n' },
  ];
}

function reads(directory: string, document: unknown): Expected[] {
  return [
    { command: ['cat', `${directory}/case.json`], stdout: JSON.stringify(document) },
    { command: ['cat', `${directory}/log`], stdout: 'what happened\n' },
  ];
}

function missing(directory: string): Expected {
  return { command: ['ls', '-1', directory], code: 2 };
}

it('reads a running case, with the time it has left', async () => {
  const host = fakeHost([
    ...lies('/run/lo-doctor/a', 'armed', record),
    { command: ['cat', '/run/lo-doctor/a/deadline'], stdout: '104000\n' },
    { command: ['cat', '/proc/uptime'], stdout: '1010.50 99\n' },
  ]);
  expect(await readCase(host, 'a')).toEqual({
    ...record,
    state: 'armed',
    directory: '/run/lo-doctor/a',
    secondsLeft: 29.5,
    log: 'what happened\n',
  });
  host.finish();
});

it('lists the cases of all places, the oldest first, and passes over what is none', async () => {
  const older = { ...record, id: 'b', startedAt: '2026-11-21T17:00:00.000Z' };
  const host = fakeHost(
    [
      { command: ['ls', '-1', '/run/lo-doctor'], code: 2 },
      { command: ['ls', '-1', '/var/lib/lo-doctor'], stdout: 'a\nb\nempty\n.hidden\n' },
      ...['a', 'b', 'empty'].map((id) => missing(`/run/lo-doctor/${id}`)),
      ...lies('/var/lib/lo-doctor/a', 'confirmed', record),
      ...lies('/var/lib/lo-doctor/b', 'rolled-back', older),
      { command: ['ls', '-1', '/var/lib/lo-doctor/empty'], stdout: 'report.md\n' },
    ],
    { inOrder: false },
  );
  const { cases, strange } = await listCases(host);
  expect(strange).toEqual([]);
  expect(cases.map(({ id, state, secondsLeft }) => [id, state, secondsLeft])).toEqual([
    ['b', 'rolled-back', null],
    ['a', 'confirmed', null],
  ]);
  host.finish();
});

it.each([
  ['a directory of somebody else', ['directory 0 700', 'directory 1000 700', ...usual.slice(2)]],
  ['a directory that others can write into', ['directory 0 700', 'directory 0 770', ...usual.slice(2)]],
  ['a root that others can write into', ['directory 0 1777', ...usual.slice(1)]],
  ['a link in place of a directory', ['directory 0 700', 'symbolic link 0 777', ...usual.slice(2)]],
  ['a link in place of a file', [...usual.slice(0, 5), 'symbolic link 0 777']],
  ['a file of somebody else', [...usual.slice(0, 5), 'regular file 1000 600']],
])('reads and runs nothing of %s, and names it', async (_, found) => {
  const host = fakeHost([
    { command: ['ls', '-1', '/run/lo-doctor'], stdout: 'a\n' },
    { command: ['ls', '-1', '/var/lib/lo-doctor'], code: 2 },
    ...looks('/run/lo-doctor/a', 'armed', found),
    ...looks('/run/lo-doctor/a', 'armed', found),
  ]);
  const strange = "/run/lo-doctor/a is not root's alone, so nothing in it was read or run.";
  expect(await listCases(host)).toEqual({ cases: [], strange: [strange] });
  await expect(readCase(host, 'a')).rejects.toThrow(strange);
  host.finish();
});

it('reads a case anew that is settled and moved at that moment', async () => {
  const host = fakeHost([
    ...looks('/run/lo-doctor/a', 'armed', [ours.directory]),
    missing('/run/lo-doctor/a'),
    ...lies('/var/lib/lo-doctor/a', 'confirmed', record),
  ]);
  expect((await readCase(host, 'a'))?.state).toBe('confirmed');
  host.finish();
});

it('a record that nobody can read hides no other', async () => {
  const host = fakeHost(
    [
      { command: ['ls', '-1', '/run/lo-doctor'], code: 2 },
      { command: ['ls', '-1', '/var/lib/lo-doctor'], stdout: 'a\nb\n' },
      ...['a', 'b'].map((id) => missing(`/run/lo-doctor/${id}`)),
      ...lies('/var/lib/lo-doctor/a', 'confirmed', {}),
      ...lies('/var/lib/lo-doctor/b', 'confirmed', record),
    ],
    { inOrder: false },
  );
  const { cases, strange } = await listCases(host);
  expect(cases).toHaveLength(1);
  expect(strange).toEqual([expect.stringContaining('/var/lib/lo-doctor/a/case.json is not a record')]);
});

it('says where to look when a record is of another version', async () => {
  const host = fakeHost(lies('/run/lo-doctor/a', 'confirmed', { ...record, schema: 'lo-doctor.case/9' }));
  const refused = await readCase(host, 'a').catch((error: HostError) => error);
  expect(refused).toMatchObject({
    message: expect.stringContaining('/run/lo-doctor/a/case.json is not a record'),
    // The script asks which state it is in, and takes a case for an armed one else.
    nextSteps: [expect.stringContaining('sh /run/lo-doctor/a/roll-back confirmed')],
  });
});

it.each(['', '.', '..', '../etc', 'a/b', '-x', 'a b', 'x'.repeat(65), "a'b"])(
  'refuses %j as the name of a case',
  (id) => {
    expect(() => checkedId(id)).toThrow(HostError);
  },
);
