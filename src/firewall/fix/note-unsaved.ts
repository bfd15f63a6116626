// What a fix can't make last by itself, said before it is applied.
import type { Placed } from './write-rule.ts';

/** One sentence for each rule of nftables: only its owner knows which file makes the chain at boot. */
export function noteUnsaved(placed: readonly Placed[]): string[] {
  return placed.flatMap(({ change: { place, before }, written: { source } }) => {
    if (source.layer !== 'nftables') return [];
    const where = before === null || before.number === 0 ? 'at its end' : `right before “${before.text}”`;
    return [
      `The rule in chain ${place.chain} of table ${place.family} ${place.table} lasts until nftables is loaded anew. To keep it over a boot, put it into the file that makes this chain (often /etc/nftables.conf), ${where}: ${source.statement}`,
    ];
  });
}
