import { expect, test } from 'vitest';
import { claimCase, releaseCase } from '../../../src/commands/cases/name-case.ts';
import { practiceHost } from '../../../src/host/practice/practice-host.ts';

const NOW = new Date('2026-11-28T16:20:00Z');

/** Chances that come out as these, one after the other. */
const chances = (...numbers: number[]) => {
  const left = [...numbers];
  return () => (left.shift() ?? 0) / 36 ** 2;
};

test('a name that is taken is not given out again, be it by a case that runs or by one that is remembered', async () => {
  const host = practiceHost('mail');
  expect(await claimCase(host, NOW, chances(5))).toBe('1128162005');
  await host.run(['mkdir', '-p', '/run/lo-doctor/1128162006']);
  expect(await claimCase(host, NOW, chances(5, 6, 5, 7))).toBe('1128162007');
});

test('a name under which nothing was written is given back', async () => {
  const host = practiceHost('mail');
  const id = await claimCase(host, NOW, chances(5));
  await releaseCase(host, id);
  expect(await claimCase(host, NOW, chances(5))).toBe(id);
  await host.run(['tee', `/var/lib/lo-doctor/${id}/report.md`], { input: 'x' });
  await releaseCase(host, id);
  expect(await claimCase(host, NOW, chances(5, 6))).toBe('1128162006');
});
