// The protocols that a packet line names, in words.

const TABLE: ReadonlyMap<string, readonly [name: string, use: string]> = new Map(
  Object.entries({
    TCP: ['TCP', 'connections, for mail, web, databases'],
    UDP: ['UDP', 'single messages, for name look-ups and clocks'],
    UDPLITE: ['UDP-Lite', 'single messages, for media'],
    ICMP: ['ICMP', 'pings and error messages'],
    ICMPv6: ['ICMPv6', 'pings, error messages and neighbour discovery'],
    AH: ['AH', 'authenticated packets of a VPN'],
    ESP: ['ESP', 'encrypted packets of a VPN'],
    2: ['IGMP', 'membership of multicast groups'],
    4: ['IPIP', 'a tunnel'],
    41: ['IPv6-in-IPv4', 'a tunnel'],
    47: ['GRE', 'a tunnel'],
    89: ['OSPF', 'routers that tell each other their routes'],
    103: ['PIM', 'routers of multicast groups'],
    112: ['VRRP', 'machines that share an address, so that one can take over'],
    132: ['SCTP', 'connections, for telephony'],
  } satisfies Record<string, readonly [name: string, use: string]>),
);

/** `TCP`, `IGMP` for 2, `protocol 200` for what has no name here. */
export const protocolName = (proto: string | number): string =>
  TABLE.get(String(proto))?.[0] ?? (typeof proto === 'string' ? proto : `protocol ${proto}`);

/** The name and what the protocol is for; null where it is none of the known. */
export function describeProtocol(proto: string): string | null {
  const known = TABLE.get(proto);
  return known === undefined ? null : `${known[0]}: ${known[1]}`;
}
