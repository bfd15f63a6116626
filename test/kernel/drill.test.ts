// The drills in small: `npm run drill` does all of them and prints its table.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { drillFaults, type Strike } from './drill/faults.ts';
import { countBad, type Figures } from './drill/figures.ts';
import { drillInterleavings } from './drill/interleavings.ts';
import { drillRaces } from './drill/races.ts';

const STRIKES: readonly Strike[] = [
  { program: 'fix', point: 'before the rule of IPv6', fault: 'KILL' },
  { program: 'fix', point: 'before the rule of IPv6', fault: 'STOP beyond its time' },
  { program: 'fix', point: 'while the fix is tried', fault: 'power cut' },
  { program: 'wizard', point: 'before the rule of IPv6', fault: 'HUP' },
  { program: 'wizard', point: 'while the fix is tried', fault: 'closed terminal' },
];

function expectGood(all: readonly Figures[], runs: number): void {
  expect(all.flatMap((one) => (countBad(one) === 0 ? [] : one.notes))).toEqual([]);
  expect(all.reduce((sum, one) => sum + one.runs, 0)).toBe(runs);
  // What is never met disturbs nothing.
  expect(all.reduce((sum, one) => sum + one.reached, 0)).toBe(runs);
}

describeKernel('what strikes lo-doctor', () => {
  it.each(STRIKES)(
    'leaves nothing over, nothing half done, and every rule of others: $program, $fault $point',
    { timeout: 480_000 },
    async (strike) => expectGood(await drillFaults([strike], 1), 1),
  );

  it('another writer meanwhile loses nothing', { timeout: 480_000 }, async () => {
    const figures = await drillInterleavings(2, 2);
    expect(figures.notes).toEqual([]);
    expect(countBad(figures)).toBe(0);
    expect(figures.runs).toBe(2);
  });

  it('confirm and the rollback at the very deadline: one of them happens', { timeout: 480_000 }, async () => {
    const figures = await drillRaces(8);
    expect(countBad(figures)).toBe(0);
    // On a busy machine some can't be armed in time.
    expect(figures.reached).toBeGreaterThan(0);
  });
});
