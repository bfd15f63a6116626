// What `-m recent` finds in its list (net/netfilter/xt_recent.c).
import { parseAddress } from '../model/address.ts';
import type { Address, PacketHeaders } from '../model/packet.ts';
import { HOLDS_FOR, type RecentList } from './facts.ts';
import type { Question, Side } from './question.ts';

type RecentQuestion = Extract<Question, { on: 'recent' }>;

/** What the conversation's own packets have left in the list so far. */
export type OwnPackets = { readonly added: number; readonly isRemoved: boolean };

/** Whether the packet's address is in the list as often and as lately as asked; null where it can't be told. */
export function askRecent(
  list: RecentList,
  question: RecentQuestion,
  packet: PacketHeaders,
  own: OwnPackets,
): boolean | null {
  const address = listedAddress(packet, question);
  if (address === null) return null;
  const entry = own.isRemoved ? undefined : list.get(address);
  if (entry === undefined && own.added === 0) return false;
  if (question.ttl) {
    if (packet.ttl === null || own.added > 0) return null;
    if (entry !== undefined && entry.ttl !== 0 && entry.ttl !== packet.ttl) return false;
  }
  const { seconds, hits } = question;
  if (seconds === null && hits === null) return true;
  const wanted = hits ?? 1;
  const [least, most] = countWithin(entry?.ages ?? [], seconds);
  if (least + own.added >= wanted) return true;
  return most + own.added < wanted ? false : null;
}

/** How many packets came within the seconds: for sure, also a little later, and at the most. */
function countWithin(ages: readonly (number | null)[], seconds: number | null): readonly [least: number, most: number] {
  if (seconds === null) return [ages.length, ages.length];
  const least = ages.filter((age) => age !== null && age + HOLDS_FOR <= seconds).length;
  return [least, ages.filter((age) => age === null || age <= seconds + 1).length];
}

/** The address under which the list has the packet; null where it is not known. */
export function listedAddress(
  { source, destination, family }: PacketHeaders,
  { side, mask }: { readonly side: Side; readonly mask: string | null },
): Address | null {
  const address = side === 'src' ? source : destination;
  if (address === null || mask === null) return address;
  const kept = parseAddress(mask);
  if (kept === null || (typeof kept === 'bigint') !== (family === 'ip6')) return null;
  if (typeof address === 'bigint') return typeof kept === 'bigint' ? address & kept : null;
  return typeof kept === 'number' ? (address & kept) >>> 0 : null;
}
