// The vocabulary of packet fields, in nft's words; both languages' conditions read these.

/**
 * A field of a packet or of its surroundings. Values are numbers as nft prints them with -nn (`meta protocol`: 0x0800, 0x86dd;
 * `meta nfproto`: 2, 10; `tcp flags`: fin 1, syn 2, rst 4, psh 8, ack 16, urg 32, ecn 64, cwr 128), except: interface names are strings (empty where the
 * hook has no such interface), IPv6 addresses bigints. A field is absent where the packet has no such header (`tcp dport` of a
 * UDP packet, `ip saddr` of an IPv6 packet, `ct mark` of an untracked one, `meta skuid` of one the kernel itself sent).
 * `ct state` is a bit mask: invalid 1, established 2, related 4, new 8, untracked 64. `ct status`: expected 1, seen-reply 2,
 * assured 4, confirmed 8, snat 16, dnat 32. `ct direction`: original 0, reply 1. fib types: unspec 0, unicast 1, local 2, broadcast 3, anycast 4, multicast 5.
 */
export type Field =
  | MetaField
  | IpField
  | TransportField
  | ConntrackField
  /** Route lookups. `. iif`/`. oif` restrict to that interface; `oif`/`oifname` of a miss is 0 / ''. */
  | `fib ${'saddr' | 'daddr'}${'' | ' . mark'}${'' | ' . iif' | ' . oif'} ${'type' | 'oifname'}`;

type MetaField = `meta ${
  | 'iif'
  | 'oif'
  | 'iifname'
  | 'oifname'
  | 'iiftype'
  | 'oiftype'
  | 'iifgroup'
  | 'oifgroup'
  | 'nfproto'
  | 'protocol'
  | 'l4proto'
  | 'length'
  | 'mark'
  | 'priority'
  | 'pkttype'
  | 'skuid'
  | 'skgid'
  | 'cgroup'
  | 'rtclassid'
  | 'cpu'
  | 'iifkind'
  | 'oifkind'
  | 'sdif'
  | 'sdifname'
  | 'secpath'
  | 'ibrname'
  | 'obrname'}`;

type IpField =
  | `ip ${'version' | 'hdrlength' | 'dscp' | 'ecn' | 'length' | 'id' | 'frag-off' | 'ttl' | 'protocol' | 'saddr' | 'daddr'}`
  | `ip6 ${'version' | 'dscp' | 'ecn' | 'flowlabel' | 'length' | 'nexthdr' | 'hoplimit' | 'saddr' | 'daddr'}`;

type TransportField =
  /** `th`: the ports of whatever transport there is; of ICMP, what stands in their place. */
  | `${'th' | 'tcp' | 'udp' | 'udplite' | 'sctp' | 'dccp'} ${'sport' | 'dport'}`
  | `tcp ${'flags' | 'doff' | 'window' | 'sequence' | 'ackseq' | 'urgptr'}`
  /** 1 where the TCP option is there, else 0 (nft's `exists`, iptables' --tcp-option by number). */
  | `tcp option ${number}`
  | 'tcp option maxseg size'
  | 'udp length'
  | `icmp ${'type' | 'code' | 'id' | 'sequence'}`
  | `icmpv6 ${'type' | 'code' | 'id' | 'sequence'}`
  /** 1 where the IPv6 extension header is there, else 0; by next-header number. */
  | `exthdr ${number}`;

type ConntrackField =
  | `ct ${'state' | 'status' | 'mark' | 'direction' | 'zone' | 'l3proto' | 'protocol' | 'expiration' | 'helper' | 'label' | 'id'}`
  | `ct ${'original' | 'reply'} ${'saddr' | 'daddr' | 'ip saddr' | 'ip daddr' | 'ip6 saddr' | 'ip6 daddr' | 'proto-src' | 'proto-dst' | 'bytes' | 'packets' | 'avgpkt'}`
  | `ct ${'bytes' | 'packets' | 'avgpkt' | 'count'}`;
