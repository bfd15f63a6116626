// Numbers and lists in running text.

/** `1 rule`, `2 rules`. */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** `a`, `a and b`, `a, b and c`. */
export const enumerate = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

/** As `enumerate`, of many the first ones and the number of the others: `a, b and 5 more`. */
export const enumerateFew = (items: readonly string[], most = 3): string =>
  enumerate(items.length > most ? [...items.slice(0, most - 1), `${items.length - most + 1} more`] : items);

/** Numbers in words: `3`, `3 and 4`, `3 to 9`, `1 to 3 and 7`. */
export const nameNumbers = (numbers: readonly number[]): string => {
  const runs: [from: number, to: number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return enumerate(
    runs.flatMap(([from, to]) => (to - from > 1 ? [`${from} to ${to}`] : [...new Set([from, to])].map(String))),
  );
};
