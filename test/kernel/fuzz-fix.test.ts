// Fixes of random rulesets that stop loopback, on the real kernel, in small: `npm run fuzz:fix` does more of the same.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { fuzzFix } from './fuzz/fix-run.ts';

describeKernel('a fix of rules that stop loopback', () => {
  it.each([201, 202])(
    'repairs what it promises, breaks nothing, has no rule too many, and is undone without a trace (seed %i)',
    { timeout: 300_000 },
    async (seed) => {
      const { failures, notLoaded, blocked, repaired, foretold, planned, healthy } = await fuzzFix({ n: 30, seed });
      expect({ failures, notLoaded }).toEqual({ failures: [], notLoaded: [] });
      expect(repaired + foretold).toBe(blocked);
      // A run in which little fails tells little, and so does one where all is called hopeless.
      expect(planned + healthy).toBeGreaterThan(25);
      expect(planned).toBeGreaterThan(20);
      expect(foretold).toBeLessThan(blocked / 10);
    },
  );
});
