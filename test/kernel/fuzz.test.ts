// The evaluator against the real kernel, in small: `npm run fuzz:kernel` does more of the same.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { fuzz } from './fuzz/run.ts';

describeKernel('the evaluator and the kernel agree', () => {
  it.each([
    ['iptables', 101],
    ['nft', 102],
    ['both', 103],
  ] as const)('about random conversations under random rulesets (%s)', async (kind, seed) => {
    const { conversations, works, logged, unknownOutcome, unknownLogged, disagreements, complaints } = await fuzz({
      conversations: 200,
      seed,
      kinds: [kind],
      lanes: 2,
      most: 1,
    });
    expect({ disagreements, complaints }).toEqual({ disagreements: [], complaints: [] });
    expect(conversations).toBe(200);
    // A run in which all or nothing works, or is logged, compares little.
    for (const some of [works, logged]) expect(some).toSatisfy((count: number) => count > 20 && count < 180);
    expect(unknownOutcome + unknownLogged).toBeLessThan(20);
  });
});
