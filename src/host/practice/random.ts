// Numbers that look random and are the same for the same seed.

/** A whole number from `least` to `most`, both included. */
export type Random = (least: number, most: number) => number;

/** Marsaglia's xorshift with 32 bits. */
export function createRandom(seed: number): Random {
  let state = seed | 0 || 0x9e3779b9;
  return (least, most) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return least + ((state >>> 0) % (most - least + 1));
  };
}
