// Whether a packet is in one of ipset's sets, as xt_set asks the kernel (net/netfilter/ipset).
import type { PacketHeaders } from '../model/packet.ts';
import { type Facts, HOLDS_FOR, type IpSet, type IpSetElement } from './facts.ts';
import { type KeyPart, keyPart, partsOf } from './parse/ipset-key.ts';
import type { Side } from './question.ts';

/** What is looked up: the packet, its interfaces, and from which sides. */
export type SetLookup = {
  readonly packet: PacketHeaders;
  readonly devices: Readonly<Record<Side, string>>;
  readonly sides: readonly Side[];
};

/** What rules have done to an element since the facts were read: null where nothing. */
export type Since = (set: string, key: string) => 'add' | 'remove' | 'unknown' | null;

/** `in`, `nomatch` (in, but marked as an exception), `out`, or null where it is not known. */
export type Membership = 'in' | 'nomatch' | 'out' | null;

/** Looks the packet up in the set of that name. */
export function askIpset(sets: Facts['sets'], name: string, lookup: SetLookup, since: Since, depth = 0): Membership {
  const set = sets.get(name);
  // A list has no lists in it.
  if (set === undefined || depth > 1) return null;
  if (set.type.startsWith('list:')) return askList(sets, set, lookup, since, depth);
  const kinds = partsOf(set.type);
  if (kinds === null) return null;
  if (lookup.sides.length < kinds.length) return 'out';
  if (set.family !== null && set.family !== lookup.packet.family) return 'out';
  const isBitmap = set.type.startsWith('bitmap:');
  const parts = kinds.map((kind, index) => keyPart(kind, lookup.sides[index] ?? 'src', lookup, isBitmap));
  if (parts.includes('none')) return 'out';
  const known = parts.filter((part) => part !== null && part !== 'none');
  return known.length < parts.length ? null : find(set, name, known, since);
}

type Known = Exclude<KeyPart, 'none' | null>;

function find(set: IpSet, name: string, parts: readonly Known[], since: Since): Membership {
  const keyOf = (shape: readonly (number | null)[]) =>
    parts.map(({ text }, index) => text(shape[index] ?? null)).join(',');
  const noted = since(name, noteKey(set, parts));
  if (noted === 'unknown') return null;
  if (noted === 'add') return 'in';
  for (const shape of set.shapes) {
    const element = set.elements.get(keyOf(shape));
    if (element !== undefined) return noted === 'remove' || !lasts(element) ? null : element.nomatch ? 'nomatch' : 'in';
  }
  return set.isWhole ? 'out' : null;
}

/** The key under which the SET target writes the packet down: whole addresses, but for a set with a netmask. */
function noteKey({ netmask }: IpSet, parts: readonly Known[]): string {
  return parts.map(({ text }) => text(netmask)).join(',');
}

function lasts({ expires }: IpSetElement): boolean {
  return expires === null || expires > HOLDS_FOR;
}

/** The first member that has the packet decides. */
function askList(sets: Facts['sets'], { members }: IpSet, lookup: SetLookup, since: Since, depth: number): Membership {
  const answers = members.map((member) => askIpset(sets, member, lookup, since, depth + 1));
  if (answers.includes('in')) return 'in';
  return answers.includes(null) ? null : 'out';
}

/** The key that the SET target adds to the set or takes from it; null where it can't be told. */
export function ipsetNoteKey(sets: Facts['sets'], name: string, lookup: SetLookup): string | null {
  const set = sets.get(name);
  const kinds = set === undefined ? null : partsOf(set.type);
  if (set === undefined || kinds === null) return null;
  const isBitmap = set.type.startsWith('bitmap:');
  const parts = kinds.map((kind, index) => keyPart(kind, lookup.sides[index] ?? 'src', lookup, isBitmap));
  const known = parts.filter((part) => part !== null && part !== 'none');
  return known.length < parts.length ? null : noteKey(set, known);
}
