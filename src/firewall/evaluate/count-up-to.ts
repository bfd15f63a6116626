// A search by halves.

/** How many of the items, ascending by their key, are not above `most`. */
export function countUpTo<Item>(items: readonly Item[], most: number, keyOf: (item: Item) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && keyOf(item) <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}
