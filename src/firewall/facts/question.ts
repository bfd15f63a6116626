// What rules ask of a server's own memory, in the terms of the tools that keep it.
import type { Key } from '../model/model.ts';
import type { Address } from '../model/packet.ts';

/** Which address or port of the packet is looked up. */
export type Side = 'src' | 'dst';

export type Question =
  /** `-m set --match-set NAME src,dst`; `returnNomatch`: met by the elements that are marked nomatch. */
  | { readonly on: 'ipset'; readonly set: string; readonly sides: readonly Side[]; readonly returnNomatch: boolean }
  /** `-m recent --rcheck/--update/--remove`; null: not asked for. */
  | {
      readonly on: 'recent';
      readonly list: string;
      readonly side: Side;
      readonly mask: string | null;
      readonly seconds: number | null;
      readonly hits: number | null;
      readonly ttl: boolean;
    }
  /** `-m hashlimit`: met below the limit. `keeps`: the seconds in which a packet's worth grows anew. */
  | {
      readonly on: 'hashlimit';
      readonly name: string;
      readonly family: 'ip' | 'ip6';
      readonly keyed: readonly ('srcip' | 'srcport' | 'dstip' | 'dstport')[];
      readonly prefix: Readonly<Record<Side, number | null>>;
      readonly keeps: number;
    }
  /** `-m connlimit`: met by more connections than so many. */
  | { readonly on: 'connlimit'; readonly above: number }
  /** A quota of which so many bytes are left: met as long as some are. */
  | { readonly on: 'quota'; readonly left: number }
  /** TPROXY: met where a socket that may stand for others waits at the port (null: the packet's own) and address (null: that of lo). */
  | { readonly on: 'proxy'; readonly address: Address | null; readonly port: number | null }
  /** `-m socket`: met where the packet is for a socket of this host; `wildcards`: also for one that is bound to no address. */
  | { readonly on: 'socket'; readonly transparent: boolean; readonly wildcards: boolean };

/** What a rule writes down where other rules may look it up. */
export type Note =
  | { readonly store: 'ipset'; readonly set: string; readonly sides: readonly Side[]; readonly does: 'add' | 'remove' }
  | {
      readonly store: 'recent';
      readonly list: string;
      readonly side: Side;
      readonly mask: string | null;
      readonly does: 'add' | 'remove';
    }
  /** nft's `add @seen { ip saddr }`: a set of the rule's own table. */
  | { readonly store: 'nft'; readonly set: string; readonly key: Key; readonly does: 'add' | 'remove' };
