// What a server keeps beside its rules and no dump of rules shows: sets, lists, queues, limits. Evaluations ask it.
import type { Address } from '../model/packet.ts';

/** As it was when it was read. What is not in a map, or null, is not known. */
export type Facts = {
  /** ipset's sets by their names. */
  readonly sets: ReadonlyMap<string, IpSet>;
  /** The lists of `-m recent` by their names. */
  readonly recent: ReadonlyMap<string, RecentList>;
  /** The buckets of `-m hashlimit` by family and name (`ip http`). */
  readonly rates: ReadonlyMap<string, RateTable>;
  /** The numbers of the queues that a program reads. */
  readonly queues: ReadonlySet<number> | null;
  /** Tracked connections, of whatever kind. */
  readonly connections: number | null;
  /** The devices that have an address, by all addresses of the host. */
  readonly devices: ReadonlyMap<Address, readonly string[]> | null;
  /** Sockets that wait for somebody: TCP's that listen, UDP's that are connected to nobody. */
  readonly sockets: readonly OpenSocket[] | null;
  /** Whether programs may have a class of net_cls. */
  readonly hasClasses: boolean | null;
  /** True where nft's own listing is as fresh as all this, so that elements which come and go are those of this moment. */
  readonly isLive: boolean;
};

/** `address` in canonical form, null for any of its `families`; `device`: the one it is bound to. `isTransparent` null: an old ss does not tell it. */
export type OpenSocket = {
  readonly protocol: 'tcp' | 'udp';
  readonly families: readonly ('ip' | 'ip6')[];
  readonly address: Address | null;
  readonly port: number;
  readonly device: string | null;
  readonly isTransparent: boolean | null;
};

/** `type` as ipset says it (`hash:net,port`). `shapes`: the prefix lengths that its elements have, in the order in which the kernel tries them. */
export type IpSet = {
  readonly type: string;
  /** Null: of no family, or of both. */
  readonly family: 'ip' | 'ip6' | null;
  /** By the text of their keys (ipset-key.ts). */
  readonly elements: ReadonlyMap<string, IpSetElement>;
  readonly shapes: readonly (readonly (number | null)[])[];
  /** The names of the sets that a list has. */
  readonly members: readonly string[];
  /** Bits that a `netmask` leaves of an address; null: all. */
  readonly netmask: number | null;
  /** False where an element, or what the set does with keys, can't be read: what is not found may be there all the same. */
  readonly isWhole: boolean;
};

/** `expires`: in so many seconds, or never (null). */
export type IpSetElement = { readonly nomatch: boolean; readonly expires: number | null };

/** The entries by address; `ages`: how many seconds ago each packet came, null where the clock is not known. */
export type RecentList = ReadonlyMap<Address, RecentEntry>;

export type RecentEntry = { readonly ttl: number; readonly ages: readonly (number | null)[] };

/** The buckets by `source:port->destination:port`, as the kernel prints it with what the mode leaves out as zeros. */
export type RateTable = ReadonlyMap<string, Bucket>;

/** What is left of a bucket, and what a packet takes of it. */
export type Bucket = { readonly credit: number; readonly cost: number };

/** How many seconds an answer has to hold: what changes sooner is not told as known. */
export const HOLDS_FOR = 10;
