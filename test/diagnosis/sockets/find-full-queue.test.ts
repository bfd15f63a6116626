// A service whose queue is full, and one whose queue has room although nobody is answered.
import { expect, test } from 'vitest';
import { findFullQueue, findUnseenDrop } from '../../../src/diagnosis/sockets/find-full-queue.ts';
import type { ListenQueue } from '../../../src/diagnosis/witness.ts';
import { clues, failure } from '../clues.ts';

const queue = (waiting: number, room: number, known: Partial<ListenQueue> = {}): ListenQueue => ({
  line: `LISTEN ${waiting} ${room} 127.0.0.1:5432 0.0.0.0:* users:(("postgres",pid=7,fd=3))`,
  address: '127.0.0.1',
  port: 5432,
  device: null,
  waiting,
  room,
  pid: 7,
  cgroup: '/system.slice/pg.service',
  ...known,
});

const silent = { failures: [failure('timed-out')] };
const LIMITS = {
  unit: 'pg.service',
  settings: ['IPAddressDeny=0.0.0.0/0 ::/0'],
  controlGroup: '/system.slice/pg.service',
};

test('more connections wait than there is room for: full, and nothing else is guessed', () => {
  const seen = clues({ ...silent, witness: { queues: [queue(129, 128)] } });
  const found = findFullQueue(seen);
  expect(found).toMatchObject({ blame: 'server', finding: { id: 'queue-full' }, explains: [{ end: 'timed-out' }] });
  expect(found?.finding.title).toMatch(/^postgres listens at 127\.0\.0\.1:5432/);
  expect(findUnseenDrop(seen)).toBeNull();
});

test('a queue with as many as it holds is not over it', () => {
  const seen = clues({ ...silent, witness: { queues: [queue(128, 128)] } });
  expect(findFullQueue(seen)).toBeNull();
  expect(findUnseenDrop(seen)).toMatchObject({ blame: 'unknown', finding: { id: 'lost-unseen' } });
});

test('room in the queue, and a unit that systemd filters: the unit is named', () => {
  const found = findUnseenDrop(clues({ ...silent, witness: { queues: [queue(0, 128)], serviceLimits: [LIMITS] } }));
  expect(found).toMatchObject({ blame: 'server', finding: { id: 'service-filter' } });
  expect(found?.finding.evidence).toContain('systemctl show pg.service: IPAddressDeny=0.0.0.0/0 ::/0');
  expect(found?.finding.commands[0]?.at(-1)).toBe('pg.service');
});

test('a filter on a slice counts for the services in it, one on a neighbour does not', () => {
  const of = (controlGroup: string) =>
    findUnseenDrop(
      clues({ ...silent, witness: { queues: [queue(0, 128)], serviceLimits: [{ ...LIMITS, controlGroup }] } }),
    );
  expect(of('/system.slice')?.finding.id).toBe('service-filter');
  expect(of('/system.slice/pg.service2')?.finding.id).toBe('lost-unseen');
});

test.each([
  ['ss is not here', { failures: [failure('timed-out')], witness: { queues: null } }],
  ['it was refused', { failures: [failure('refused')], witness: { queues: [queue(2, 1)] } }],
  [
    'only the command says so',
    { failures: [{ ...failure('timed-out'), isOwn: false }], witness: { queues: [queue(2, 1)] } },
  ],
  [
    'the queue is another port’s',
    { failures: [failure('timed-out', '127.0.0.1', 25)], witness: { queues: [queue(2, 1)] } },
  ],
])('nothing is said where %s', (_, known) => {
  expect([findFullQueue(clues(known)), findUnseenDrop(clues(known))]).toEqual([null, null]);
});
