// Dumps as lines that can be compared: without counters, dates, and the numbers that nft gives.
import type { Dump } from './kernel.ts';

/** Every line of the iptables dumps, and every object of nft's, without what changes by itself. */
export function linesOf(dumps: readonly Dump[]): string[] {
  return dumps.flatMap((dump) => (dump.tool === 'nft' ? nftObjects(dump.text) : iptablesLines(dump.text)));
}

function iptablesLines(text: string): string[] {
  return text
    .replace(/^#.*\n/gm, '')
    .replace(/\[\d+:\d+\]/g, '[0:0]')
    .split('\n');
}

function nftObjects(text: string): string[] {
  const { nftables }: { nftables: readonly unknown[] } = JSON.parse(text);
  return nftables.map((one) =>
    JSON.stringify(one, (key, value) => (['handle', 'packets', 'bytes', 'metainfo'].includes(key) ? undefined : value)),
  );
}

/** What `after` has more than `before`; null where a line of `before` is gone, has changed, or stands in another place. */
export function addedLines(before: readonly string[], after: readonly string[]): string[] | null {
  let at = 0;
  const added = after.filter((line) => {
    if (line !== before[at]) return true;
    at++;
    return false;
  });
  return at === before.length ? added : null;
}
