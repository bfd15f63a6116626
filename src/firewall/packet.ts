// A packet as the rules see it: its headers, its interface, its owner, and what conntrack and earlier rules tied to it.

/** An IPv4 address as a number, an IPv6 address as a bigint. */
export type Address = number | bigint;

/** ICMP and ICMPv6 have a type and code, TCP and UDP ports, all else neither. */
export type Transport =
  | { readonly kind: 'tcp'; readonly sourcePort: number; readonly destinationPort: number; readonly flags: number }
  | { readonly kind: 'udp'; readonly sourcePort: number; readonly destinationPort: number }
  | { readonly kind: 'icmp' | 'icmpv6'; readonly type: number; readonly code: number; readonly id: number };

/** A locally sent packet. `uid` and `gid`: null, where no socket of a program sent it; 'unknown', where it is not known whose socket did. */
export type Packet = {
  readonly family: 'ip' | 'ip6';
  readonly source: Address;
  readonly destination: Address;
  readonly transport: Transport;
  /** Bytes of the whole packet, IP header included; null: not known. */
  readonly length: number | null;
  readonly ttl: number;
  readonly uid: number | null | 'unknown';
  readonly gid: number | null | 'unknown';
  readonly mark: number;
  readonly conntrack: ConntrackView;
};

/** The packet's connection as matches see it. */
export type ConntrackView =
  | { readonly state: 'invalid' | 'untracked' }
  | {
      readonly state: 'new' | 'established' | 'related';
      readonly direction: 'original' | 'reply';
      readonly mark: number;
      readonly zone: number;
      /** Bits as in field.ts' `ct status`. */
      readonly status: number;
    };
