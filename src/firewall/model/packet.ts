// A packet as the rules see it: its headers, its interface, its owner, and what conntrack and earlier rules tied to it.
import type { Doubt } from '../conversation/trace.ts';

/** An IPv4 address as a number, an IPv6 address as a bigint. */
export type Address = number | bigint;

/** ICMP and ICMPv6 have a type and code, TCP and UDP ports, all else neither. */
export type Transport =
  | {
      readonly kind: 'tcp';
      readonly sourcePort: number | null;
      readonly destinationPort: number | null;
      readonly flags: number;
    }
  | { readonly kind: 'udp'; readonly sourcePort: number | null; readonly destinationPort: number | null }
  | { readonly kind: 'icmp' | 'icmpv6'; readonly type: number; readonly code: number; readonly id: number };

const PROTOCOLS = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58 };

/** The protocol's number in the IP header. */
export function protocolOf({ kind }: Transport): number {
  return PROTOCOLS[kind];
}

/** A locally sent packet. `uid` and `gid`: null, where no socket of a program sent it; 'unknown', where it is not known whose socket did. */
export type Packet = {
  readonly family: 'ip' | 'ip6';
  /** Null: rewritten to an address that is not known. */
  readonly source: Address | null;
  readonly destination: Address | null;
  readonly transport: Transport;
  /** Bytes of the whole packet, IP header included, from at least to at most. */
  readonly length: readonly [number, number];
  /** TTL or hop limit, and the two parts of the type of service; null: set to something not known. */
  readonly ttl: number | null;
  readonly dscp: number | null;
  readonly ecn: number | null;
  readonly uid: number | null | 'unknown';
  readonly gid: number | null | 'unknown';
  /** The packet mark and priority; null: set to something not known. */
  readonly mark: number | null;
  readonly priority: number | null;
  /** Whom the packet is for, as nft's `meta pkttype` numbers it: this host (0) unless a rule says otherwise; null: not known. */
  readonly type: number | null;
  /** The largest segment that a SYN offers, from at least to at most; null: not known, nor whether it still offers one. */
  readonly segment: readonly [number, number] | null;
  readonly conntrack: ConntrackView;
};

/** `meta pkttype host`. */
export const TO_HOST = 0;

/** What a socket offers on lo as its largest segment: the most by lo's own MTU of 65536, the least by any MTU that IPv4 is used with. */
const SEGMENTS = [536, 65_495] as const;

/** What rules can set in a packet, as the kernel sends packets of programs that ask for nothing special. */
export const AS_SENT = { ttl: 64, dscp: 0, ecn: 0, mark: 0, priority: 0, type: TO_HOST, segment: SEGMENTS } as const;

/** A packet as it is sent, before any connection is known. */
export type PacketHeaders = Omit<Packet, 'conntrack'>;

/** The number of a zone of conntrack, or what is not known about it. */
export type Zone = number | Doubt;

/** The packet's connection as matches see it. */
export type ConntrackView =
  | { readonly state: 'invalid' | 'untracked' }
  | {
      readonly state: 'new' | 'established' | 'related';
      readonly direction: 'original' | 'reply';
      readonly mark: number | null;
      readonly zone: Zone;
      /** Bits as in field.ts' `ct status`. */
      readonly status: number;
    };
