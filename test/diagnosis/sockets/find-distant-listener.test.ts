// A service that listens where nobody here comes to.
import { expect, test } from 'vitest';
import { findDistantListener } from '../../../src/diagnosis/sockets/find-distant-listener.ts';
import { clues, failure } from '../clues.ts';

const distant = {
  pid: 812,
  process: 'postgres',
  cgroup: '/system.slice/pg.service',
  namespace: 'net:[4026532008]',
  port: 5432,
};
const find = (known: Partial<typeof distant>, end: 'refused' | 'timed-out' = 'refused') =>
  findDistantListener(clues({ failures: [failure(end)], witness: { distantListeners: [{ ...distant, ...known }] } }));

test('is named with its process, unit and namespace', () => {
  const found = find({});
  expect(found).toMatchObject({
    blame: 'server',
    finding: { id: 'service-in-own-network' },
    explains: [{ end: 'refused' }],
  });
  expect(found?.finding.evidence[1]).toBe(
    'process 812 (postgres, pg.service) is in net:[4026532008], where TCP port 5432 is listened at',
  );
});

test('is nothing to name at another port, in a container, or for a silence', () => {
  expect(find({ port: 25 })).toBeNull();
  expect(find({ cgroup: '/system.slice/docker-1234.scope' })).toBeNull();
  expect(find({}, 'timed-out')).toBeNull();
});

test('somebody who listens here is called, not the other', () => {
  const listeners = [{ protocol: 'tcp', address: '127.0.0.1', port: 5432, process: 'postgres' }] as const;
  const seen = clues({ failures: [failure('refused')], listeners, witness: { distantListeners: [distant] } });
  expect(findDistantListener(seen)).toBeNull();
});
