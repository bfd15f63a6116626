// What a log line says: the types that the parser fills and every screen and document reads.

/** The offsets of a piece of `LogLine.text`: from `start` up to, not including, `end`. */
export type TextSpan = { start: number; end: number };

/** Which part a packet plays in its conversation. */
export type Direction = 'request' | 'reply' | 'error' | 'unknown';

/** The fields of one packet. Null where the line does not say; numbers are numbers, addresses canonical (`::1`). */
export type EntryPacket = {
  src: string | null;
  dst: string | null;
  /** The length of the whole IP packet (UDP lines have a second LEN, of the datagram). */
  len: number | null;
  /** `TCP`, `UDP`, `ICMP`, `ICMPv6`, `ARP` … as the kernel names it, or its number. */
  proto: string | number | null;
  spt: number | null;
  dpt: number | null;
  /** TTL, or the hop limit of IPv6. */
  ttl: number | null;
  /** The first ID= of the packet: the IP identification, or of an ICMPv6 echo (IPv6 has none) the echo's. */
  id: number | null;
  /** TCP flags in the kernel's order: AE CWR ECE URG ACK PSH RST SYN FIN. */
  flags: string[];
  /** CE, DF, MF. */
  ipFlags: string[];
  /** The fragment offset as printed; null where the packet is no fragment. */
  frag: number | null;
  /** ICMP and ICMPv6 type and code. */
  type: number | null;
  code: number | null;
  /** The sequence number of TCP or of an ICMP echo. */
  seq: number | null;
  /** The line says INCOMPLETE or TRUNCATED, or ends before it said what the packet is. */
  incomplete: boolean;
};

/** The names of the fields whose place in the text is kept, for highlighting. */
export type SpanName = 'in' | 'out' | 'src' | 'dst' | 'proto' | 'spt' | 'dpt' | 'prefix';

/** A netfilter line, field by field (docs/contract.md, `explain --json`). */
export type Entry = EntryPacket & {
  /** RFC 3339 in UTC. */
  time: string | null;
  host: string | null;
  /** The text of the rule's --log-prefix, without spaces around it. */
  prefix: string | null;
  in: string | null;
  out: string | null;
  physin: string | null;
  physout: string | null;
  mac: string | null;
  uid: number | null;
  gid: number | null;
  mark: number | null;
  /** The packet that an ICMP error is about. */
  embedded: EntryPacket | null;
  /** The packet left or came by the interface `lo`. */
  loopback: boolean;
  direction: Direction;
  /** The name of the service that the conversation is with (`smtp`). */
  service: string | null;
  /** Where whole fields (`OUT=lo`) stand in `LogLine.text`. */
  spans: Partial<Record<SpanName, TextSpan>>;
};

/** One line of a log. `entry` is null where it is no netfilter line. */
export type LogLine = {
  /** The line as a person reads it; what a JSON wrapper (journal, Docker) holds is taken out of it. */
  text: string;
  /** Milliseconds since 1970, or null where the line has no time of day. */
  time: number | null;
  host: string | null;
  /** The kernel's own clock: seconds since boot. */
  uptime: number | null;
  /** How many packets the line stands for: n for "message repeated n times", else 1. */
  repeated: number;
  entry: Entry | null;
};

/** A line that is a netfilter line. */
export type EntryLine = LogLine & { entry: Entry };
