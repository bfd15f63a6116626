// Renames addresses so that networks stay networks: two that share so many leading bits share as many afterwards (as Crypto-PAn does).
import type { Address } from '../../firewall/model/packet.ts';
import { sipHash } from './siphash.ts';

/** The leading bits of an address, as a text of 0 and 1. */
type Bits = string;

const BITS = { ip: 32, ip6: 128 } as const;

const familyOf = (address: Address): keyof typeof BITS => (typeof address === 'number' ? 'ip' : 'ip6');

const bitsOf = (address: Address): Bits => address.toString(2).padStart(BITS[familyOf(address)], '0');

const fromBits = (bits: Bits): Address => (bits.length === 32 ? Number.parseInt(bits, 2) : BigInt(`0b${bits}`));

const prefix4 = (first: number, bits: number): Bits => (first >>> 0).toString(2).padStart(32, '0').slice(0, bits);
const prefix6 = (first: number, bits: number): Bits => first.toString(2).padStart(16, '0').slice(0, bits);

/** What means the same on every server stays as it is: this network, loopback, multicast and what lies beyond. */
const STAYS: Readonly<Record<keyof typeof BITS, readonly Bits[]>> = {
  ip: [prefix4(0, 8), prefix4(0x7f000000, 8), prefix4(0xe0000000, 3)],
  ip6: [prefix6(0, 8), prefix6(0xff00, 8)],
};

/** What is of a kind stays of that kind: private, link-local, shared, global. */
const KINDS: Readonly<Record<keyof typeof BITS, readonly Bits[]>> = {
  ip: [
    prefix4(0x0a000000, 8),
    prefix4(0xac100000, 12),
    prefix4(0xc0a80000, 16),
    prefix4(0xa9fe0000, 16),
    prefix4(0x64400000, 10),
  ],
  ip6: [prefix6(0xfe80, 16).padEnd(64, '0'), prefix6(0xfc00, 7), prefix6(0x2000, 3)],
};

/** Addresses whose order counts: within the network that both ends share, nothing is renamed. */
export type Range = { readonly from: Address; readonly to: Address };

/** The leading bits that both have. */
const shared = ({ from, to }: Range): Bits => {
  const [one, other] = [bitsOf(from), bitsOf(to)];
  const differs = [...one].findIndex((bit, place) => bit !== other[place]);
  return differs < 0 ? one : one.slice(0, differs);
};

/** The renaming under a key; `ranges` keep their order. The same address always gets the same name. */
export const createAddressRenaming = (key: bigint, ranges: readonly Range[]): ((address: Address) => Address) => {
  const ordered = {
    ip: ranges.filter(({ from }) => familyOf(from) === 'ip').map(shared),
    ip6: ranges.filter(({ from }) => familyOf(from) === 'ip6').map(shared),
  };
  const flips = new Map<Bits, boolean>();
  const isFlipped = (family: keyof typeof BITS, before: Bits): boolean => {
    const id = `${family} ${before}`;
    const known = flips.get(id);
    if (known !== undefined) return known;
    const isKept =
      [...STAYS[family], ...ordered[family]].some((kept) => before.startsWith(kept)) ||
      [...STAYS[family], ...KINDS[family]].some((kind) => kind.length > before.length && kind.startsWith(before));
    const flip = !isKept && (sipHash(key, new TextEncoder().encode(id)) & 1n) === 1n;
    flips.set(id, flip);
    return flip;
  };
  return (address) => {
    const family = familyOf(address);
    const bits = bitsOf(address);
    const renamed = [...bits].map((bit, place) =>
      isFlipped(family, bits.slice(0, place)) ? (bit === '1' ? '0' : '1') : bit,
    );
    return fromBits(renamed.join(''));
  };
};
