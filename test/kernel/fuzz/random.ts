// A seeded source of chance: the same seed gives the same rulesets and conversations on every machine.

export type Random = {
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number;
  /** True with the probability given (0 to 1). */
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** One of the items, each as likely as its weight says. */
  weighted<Item>(items: readonly (readonly [weight: number, item: Item])[]): Item;
  /** Some different items, at least `low`, at most `high`, in the order given. */
  some<Item>(items: readonly Item[], low: number, high: number): Item[];
};

/** The items as they are, or the last one first. */
export function eitherWay<Item>(random: Random, items: readonly Item[]): Item[] {
  return random.chance(0.5) ? [...items] : items.toReversed();
}

/** A source of chance from a 32-bit seed (the generator is mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[int(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  return {
    int,
    chance: (probability) => next() < probability,
    pick,
    weighted: (items) => {
      let left = next() * items.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, item] of items) {
        left -= weight;
        if (left < 0) return item;
      }
      return pick(items)[1];
    },
    some: (items, low, high) => {
      const wanted = Math.min(int(low, high), items.length);
      const chosen = new Set<number>();
      while (chosen.size < wanted) chosen.add(int(0, items.length - 1));
      return items.filter((_, place) => chosen.has(place));
    },
  };
}
