// Words that mean something in rules, commands and lo-doctor's own sentences: a host or a user may be called so, and still they stay.

/** Lower-case; of a word with hyphens, its parts. */
const MEANINGFUL: ReadonlySet<string> = new Set(
  `adm jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun
above accept ack add addr addrtype admin alert alg all and any anycast append apply arp attempt attempts auto base
bitmap bitmask blocked bpf bridge broadcast burst bypass bytes case cgroup chain classid cluster comment commit
completed concat connlimit connmark conntrack constant continue counter create crit ctdir ctmask ctorigdst ctorigsrc
ctproto ctreplsrc ctstate ctstatus daddr daemon data date day dccp debug delete destination devgroup device
direction dnat dns docker doctor dport dports drop dscp dst dstip dup dynamic echo egress elem element elements
emerg err error esp established eth0 every exists expectation expr exthdr fail2ban false family fib field filter fin
findings firewall firewalld fix flags flow forward frag ftp fwd generated genid gid goto gre handle hash hashlimit
hashsize helper history hitcount hlim hook hop hoplimit host hour http https icmp icmp6 icmpv6 icmpx iface iif
iifname iiftype inc index inet info ingress input insert interval invalid ip6 ip6tables iprange ipsec ipset iptables
ipv4 ipv6 jhash json_schema_version jump keep kept kernel key kind l4proto left legacy length level limit list local
localhost log loopback mac mail mangle map mark mask masquerade match maxelem merge meta metainfo minute missing mod
mode monday mss multicast multiport mysql name nat net netdev network new nexthop nflog nfmask nfproto nft nftables
nginx nobody none not notice notrack nth null num numgen off offset oif oifname oiftype option options original out
outcome output over owner packet packets payload permit physdev pkttype pol policy port ports position postrouting
prefix prerouting prio priority probability program prohibited proto protocol protocols psh queue quota random range
rate raw rcheck rdest recent redirect reject related release_name reply report reqid request reset restore return
revision right root rpfilter rsource rst rtclassid rttl rule saddr save saved schema sctp secmark second seconds
security sequence server servers service services set sets size skgid skuid smtp snat socket source spi sport sports
src srcip ssh sshd state statistic strict string symhash syn synproxy table target tcp tcpmss time timeout tos
tproxy transport true ttl type u32 udp udplite ufw uid undo unicast unknown unreachable untracked unused update upto
urg user val value verification version vmap warn warning web with works www xmark xor xtables zone zones`.split(/\s+/),
);

/** Words as short as this are parts of too much. */
const SHORTEST = 3;

/** Whether a rule, a command or a sentence may mean something by the word. */
export const isMeaningful = (word: string): boolean =>
  word
    .toLowerCase()
    .split('-')
    .every((part) => part.length < SHORTEST || MEANINGFUL.has(part));
