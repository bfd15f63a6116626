// nft's data types: how wide a value is, and the names that nft prints for numbers.

/** The type of an expression, named as nft names it (`nft describe`), or `integer` where names never occur. */
export type Datatype =
  | 'ipv4_addr'
  | 'ipv6_addr'
  | 'ether_addr'
  | 'ifname'
  | 'iface_index'
  | 'inet_service'
  | 'inet_proto'
  | 'nf_proto'
  | 'ether_type'
  | 'mark'
  | 'ct_state'
  | 'ct_status'
  | 'ct_dir'
  | 'tcp_flag'
  | 'icmp_type'
  | 'icmp_code'
  | 'icmpv6_type'
  | 'icmpv6_code'
  | 'icmpx_code'
  | 'dscp'
  | 'ecn'
  | 'pkt_type'
  | 'fib_addrtype'
  | 'arphrd'
  | 'devgroup'
  | 'classid'
  | 'id'
  | 'byte'
  | 'half'
  | 'integer'
  | 'raw'
  | 'boolean'
  | 'duration'
  | 'quoted'
  | 'clock'
  | 'verdict'
  | 'invalid';

const WIDTHS: Partial<Record<Datatype, number>> = {
  ipv6_addr: 128,
  ether_addr: 48,
  ifname: 128,
  inet_service: 16,
  inet_proto: 8,
  nf_proto: 8,
  ether_type: 16,
  ct_dir: 8,
  tcp_flag: 8,
  icmp_type: 8,
  icmp_code: 8,
  icmpv6_type: 8,
  icmpv6_code: 8,
  dscp: 6,
  ecn: 2,
  pkt_type: 8,
  arphrd: 16,
  byte: 8,
  half: 16,
};

/** How many bits a value of the type has. */
export function widthOf(type: Datatype): number {
  return WIDTHS[type] ?? 32;
}

/** The types whose lists (`established,related`) are bit masks. */
export function isBitmask(type: Datatype): boolean {
  return type === 'ct_state' || type === 'ct_status' || type === 'tcp_flag';
}

/** The number behind a name that nft prints for the type (`echo-request`, `established`, `cs1`), else undefined. */
export function numberOfSymbol(type: Datatype, symbol: string): number | undefined {
  const table = SYMBOLS[type];
  return table !== undefined && Object.hasOwn(table, symbol) ? table[symbol] : undefined;
}

const PROTOCOLS = {
  ip: 0,
  icmp: 1,
  igmp: 2,
  ipencap: 4,
  tcp: 6,
  egp: 8,
  igp: 9,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  eigrp: 88,
  ospf: 89,
  ipip: 94,
  pim: 103,
  ipcomp: 108,
  comp: 108,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  'mobility-header': 135,
  udplite: 136,
};

const DSCP = {
  cs0: 0,
  cs1: 8,
  cs2: 16,
  cs3: 24,
  cs4: 32,
  cs5: 40,
  cs6: 48,
  cs7: 56,
  df: 0,
  be: 0,
  lephb: 1,
  af11: 10,
  af12: 12,
  af13: 14,
  af21: 18,
  af22: 20,
  af23: 22,
  af31: 26,
  af32: 28,
  af33: 30,
  af41: 34,
  af42: 36,
  af43: 38,
  va: 44,
  ef: 46,
};

const ICMP_TYPES = {
  'echo-reply': 0,
  'destination-unreachable': 3,
  'source-quench': 4,
  redirect: 5,
  'echo-request': 8,
  'router-advertisement': 9,
  'router-solicitation': 10,
  'time-exceeded': 11,
  'parameter-problem': 12,
  'timestamp-request': 13,
  'timestamp-reply': 14,
  'info-request': 15,
  'info-reply': 16,
  'address-mask-request': 17,
  'address-mask-reply': 18,
};

const ICMPV6_TYPES = {
  'destination-unreachable': 1,
  'packet-too-big': 2,
  'time-exceeded': 3,
  'parameter-problem': 4,
  'echo-request': 128,
  'echo-reply': 129,
  'mld-listener-query': 130,
  'mld-listener-report': 131,
  'mld-listener-done': 132,
  'mld-listener-reduction': 132,
  'nd-router-solicit': 133,
  'nd-router-advert': 134,
  'nd-neighbor-solicit': 135,
  'nd-neighbor-advert': 136,
  'nd-redirect': 137,
  'router-renumbering': 138,
  'ind-neighbor-solicit': 141,
  'ind-neighbor-advert': 142,
  'mld2-listener-report': 143,
};

const SYMBOLS: Partial<Record<Datatype, Readonly<Record<string, number>>>> = {
  inet_proto: PROTOCOLS,
  dscp: DSCP,
  icmp_type: ICMP_TYPES,
  icmpv6_type: ICMPV6_TYPES,
  nf_proto: { ipv4: 2, ipv6: 10 },
  ether_type: { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, '8021q': 0x8100, vlan: 0x8100, '8021ad': 0x88a8 },
  ct_state: { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 },
  ct_status: { expected: 1, 'seen-reply': 2, assured: 4, confirmed: 8, snat: 16, dnat: 32, dying: 512 },
  ct_dir: { original: 0, reply: 1 },
  tcp_flag: { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128 },
  icmp_code: {
    'net-unreachable': 0,
    'host-unreachable': 1,
    'prot-unreachable': 2,
    'port-unreachable': 3,
    'frag-needed': 4,
    'net-prohibited': 9,
    'host-prohibited': 10,
    'admin-prohibited': 13,
  },
  icmpv6_code: {
    'no-route': 0,
    'admin-prohibited': 1,
    'addr-unreachable': 3,
    'port-unreachable': 4,
    'policy-fail': 5,
    'reject-route': 6,
  },
  icmpx_code: { 'no-route': 0, 'port-unreachable': 1, 'host-unreachable': 2, 'admin-prohibited': 3 },
  ecn: { 'not-ect': 0, ect1: 1, ect0: 2, ce: 3 },
  pkt_type: { host: 0, unicast: 0, broadcast: 1, multicast: 2, other: 3 },
  fib_addrtype: {
    unspec: 0,
    unicast: 1,
    local: 2,
    broadcast: 3,
    anycast: 4,
    multicast: 5,
    blackhole: 6,
    unreachable: 7,
    prohibit: 8,
  },
  arphrd: { ether: 1, ppp: 512, ipip: 768, ipip6: 769, loopback: 772, sit: 776, ipgre: 778 },
  devgroup: { default: 0 },
  id: { root: 0 },
  boolean: { exists: 1, missing: 0 },
  mark: {},
};
