// How many packets the rules of a case have seen, by the kernel's own counters.
import type { ChainPlace } from '../../firewall/fix/plan.ts';
import type { Command, Host } from '../host.ts';
import { listWithCounters } from './list-with-counters.ts';

const listing = (place: ChainPlace): Command => listWithCounters(place, 'text');

/** `[12:720] -A OUTPUT -o lo -m comment --comment "lo-doctor …" …`, or nft's `… counter packets 12 bytes 720 … comment "lo-doctor …"`. */
const parseCount = (line: string): number | null => {
  const found = /^\[(\d+):\d+\]/.exec(line) ?? /\bpackets (\d+) bytes \d+/.exec(line);
  return found === null ? null : Number(found[1]);
};

/** The packets that all rules with this tag in their comment have seen; null where none of them counts. */
export const readCounters = async (host: Host, places: readonly ChainPlace[], tag: string): Promise<number | null> => {
  const commands = new Map(places.map((place) => [listing(place).join(' '), listing(place)]));
  const listings = await Promise.all([...commands.values()].map((command) => host.run(command)));
  const counts = listings
    .flatMap(({ stdout }) => stdout.split('\n'))
    .filter((line) => line.includes(tag))
    .map(parseCount)
    .filter((count) => count !== null);
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
};
