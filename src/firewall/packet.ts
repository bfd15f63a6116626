// A packet as the rules see it: its headers, its interface, its owner, and what conntrack and earlier rules tied to it.

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
  /** TTL or hop limit, and DSCP; null: set to something not known. */
  readonly ttl: number | null;
  readonly uid: number | null | 'unknown';
  readonly gid: number | null | 'unknown';
  /** The packet mark; null: set to something not known. */
  readonly mark: number | null;
  readonly dscp: number | null;
  readonly conntrack: ConntrackView;
};

/** A packet as it is sent, before any connection is known. */
export type PacketHeaders = Omit<Packet, 'conntrack'>;

/** The packet's connection as matches see it. */
export type ConntrackView =
  | { readonly state: 'invalid' | 'untracked' }
  | {
      readonly state: 'new' | 'established' | 'related';
      readonly direction: 'original' | 'reply';
      readonly mark: number | null;
      readonly zone: number;
      /** Bits as in field.ts' `ct status`. */
      readonly status: number;
    };
