// Which IP version a dump is of, where its header doesn't say.

/** Told by addresses and by the extensions that only one version has; null where nothing tells. */
export function findDumpFamily(text: string): 'ip' | 'ip6' | null {
  if (SIGNS_OF_IP6.test(text)) return 'ip6';
  return SIGNS_OF_IP4.test(text) ? 'ip' : null;
}

const SIGNS_OF_IP6 =
  / (?:-[sd] |--(?:src|dst|source|destination) |! )?[0-9a-f]{0,4}:[0-9a-f:]*:[0-9a-f:]*(?:\/\d+)? |-p (?:ipv6-icmp|icmpv6|icmp6|58)\b|--icmpv6-type|icmp6-|-m (?:hl|rt|frag|hbh|dst|ipv6header|eui64) |-j HL\b/;

const SIGNS_OF_IP4 =
  / -[sd] (?:! )?\d+\.\d+\.\d+\.\d+|-p icmp\b|--icmp-type|--reject-with icmp-|-m (?:ttl|realm) |--to-\S+ \d+\.\d+|-j (?:TTL|ULOG)\b/;
