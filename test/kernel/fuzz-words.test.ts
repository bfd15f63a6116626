// What the wizard concludes about failing commands, against the real kernel, in small: `npm run fuzz:words` does more of the same.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { fuzzWords } from './fuzz/words-run.ts';

describeKernel('the wizard about commands that fail', () => {
  it('acquits and accuses nobody wrongly', { timeout: 300_000 }, async () => {
    // Nothing but what the tests ask for themselves, so that every machine tries the same.
    const programs = new Set(['bash', 'nc']);
    const { faults, complaints, servers, stopped, works, found } = await fuzzWords({ n: 20, seed: 301, programs });
    expect({ faults, complaints }).toEqual({ faults: [], complaints: [] });
    expect(servers).toBe(20);
    // A run in which all or nothing fails tells little, and so does one in which nothing is found out.
    expect(stopped).toBeGreaterThan(2);
    expect(works).toBeGreaterThan(1);
    expect(found).toBeGreaterThan(stopped / 2);
  });
});
