import { expect, it } from 'vitest';
import { checkedId, listCases, readCase } from '../../src/host/case-file.ts';
import { HostError } from '../../src/host/host.ts';
import { type Expected, fakeHost } from '../fakes/fake-host.ts';

const record = {
  schema: 'lo-doctor.case/1',
  id: 'a',
  kind: 'trial',
  startedAt: '2026-11-22T17:00:00.000Z',
  apply: [{ command: ['iptables', '-A', 'OUTPUT'] }],
  undo: [{ command: ['nft', '-f', '-'], input: 'x' }],
};

/** A case as it lies in its directory. */
function lies(directory: string, state: string, document: unknown): Expected[] {
  return [
    { command: ['ls', '-1', directory], stdout: `case.json\nlog\n${state}\nwatch\n` },
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
      { command: ['ls', '-1', '/dev/shm/lo-doctor'], code: 2 },
      { command: ['ls', '-1', '/var/lib/lo-doctor'], stdout: 'a\nb\nempty\n.hidden\n' },
      ...['a', 'b', 'empty'].flatMap((id) => [missing(`/run/lo-doctor/${id}`), missing(`/dev/shm/lo-doctor/${id}`)]),
      ...lies('/var/lib/lo-doctor/a', 'confirmed', record),
      ...lies('/var/lib/lo-doctor/b', 'rolled-back', older),
      { command: ['ls', '-1', '/var/lib/lo-doctor/empty'], stdout: 'report.md\n' },
      { command: ['cat', '/var/lib/lo-doctor/empty/case.json'], code: 1 },
    ],
    { inOrder: false },
  );
  const cases = await listCases(host);
  expect(cases.map(({ id, state, secondsLeft }) => [id, state, secondsLeft])).toEqual([
    ['b', 'rolled-back', null],
    ['a', 'confirmed', null],
  ]);
  host.finish();
});

it('says where to look when a record is of another version', async () => {
  const host = fakeHost(lies('/run/lo-doctor/a', 'confirmed', { ...record, schema: 'lo-doctor.case/9' }));
  await expect(readCase(host, 'a')).rejects.toThrow(/\/run\/lo-doctor\/a\/case\.json is not a record/);
});

it.each(['', '.', '..', '../etc', 'a/b', '-x', 'a b', 'x'.repeat(65), "a'b"])(
  'refuses %j as the name of a case',
  (id) => {
    expect(() => checkedId(id)).toThrow(HostError);
  },
);
