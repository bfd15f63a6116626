// The same 200 strings through the built program: nothing of them reaches a terminal raw, and documents give them back as they were.
import { expect, it } from 'vitest';
import { findUnshowable } from '../fixtures/hostile-strings.ts';
import { describeTerminal } from '../kernel/available.ts';
import { hostileRuns, notReadBack, run } from '../kernel/drill/hostile-strings.ts';

describeTerminal('200 hostile strings', () => {
  it('leave the program as nothing but text', { timeout: 600_000 }, async () => {
    for (const { args, input, fails } of hostileRuns()) {
      const { bytes, code } = await run(args, input);
      expect(bytes.length, args.join(' ')).toBeGreaterThan(0);
      expect(findUnshowable(bytes), JSON.stringify(args)).toBeNull();
      if (fails) expect(code).toBeGreaterThan(0);
    }
  });

  it('are met in the rules, and read back from a document as they were', async () => {
    expect(await notReadBack()).toEqual([]);
  });
});
