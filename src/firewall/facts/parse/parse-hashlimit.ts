// Reads the buckets of `-m hashlimit` as the kernel prints them.
import type { Bucket, RateTable } from '../facts.ts';

/** `55 127.0.0.1:0->0.0.0.0:0 3298534883328 137438953000000 27487790600000`: seconds to live, key, credit, the most of it, the cost of a packet. */
export function parseHashlimit(text: string): RateTable | null {
  const table = new Map<string, Bucket>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, key, credit, cost] = /^-?\d+ (\S+->\S+) (\d+) \d+ (\d+)$/.exec(line) ?? [];
    if (key === undefined) return null;
    table.set(key, { credit: Number(credit), cost: Number(cost) });
  }
  return table;
}
