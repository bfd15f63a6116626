// The watch of the logs that a walk has: what was logged before it is stopped has been told when that is done.
import { expect, it } from 'vitest';
import { practiceHost } from '../../src/host/practice/practice-host.ts';
import type { Sighting } from '../../src/log/conversations/count-sightings.ts';
import { serverWork } from '../../src/work/server-work.ts';

it('tells what was logged right before it was stopped', async () => {
  const host = practiceHost('wordpress', { speed: 100 });
  const work = serverWork({ host, caseId: 'c1', now: () => new Date() });
  const told: Sighting[] = [];
  const watch = await work.watchLog((entries) => told.push(...entries));
  await host.run(['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/21'], { timeout: 50 });
  await watch.stop();
  const before = told.length;
  expect(before).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(told.length).toBe(before);
});
