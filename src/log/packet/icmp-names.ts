// ICMP types and codes in words (RFC 792, RFC 4443 and their successors).

const TYPES: Record<number, string> = {
  0: 'echo reply: the answer to a ping',
  3: 'destination unreachable',
  4: 'source quench',
  5: 'redirect: use another gateway',
  8: 'echo request: a ping',
  9: 'router advertisement',
  10: 'router solicitation',
  11: 'time exceeded: the TTL ran out on the way',
  12: 'parameter problem',
  13: 'timestamp request',
  14: 'timestamp reply',
};

const CODES: Record<number, string> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable: nobody listens there, or a REJECT rule answers',
  4: 'too big, and it must not be fragmented',
  9: 'network forbidden by an administrator',
  10: 'host forbidden by an administrator (a REJECT rule)',
  13: 'forbidden by a filter (a REJECT rule)',
};

const TYPES_6: Record<number, string> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded: the hop limit ran out on the way',
  4: 'parameter problem',
  128: 'echo request: a ping',
  129: 'echo reply: the answer to a ping',
  130: 'multicast listener query',
  131: 'multicast listener report',
  132: 'multicast listener done',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbour solicitation: who has this address?',
  136: 'neighbour advertisement: I have it',
  137: 'redirect: use another gateway',
  143: 'multicast listener report, version 2',
};

const CODES_6: Record<number, string> = {
  0: 'no route',
  1: 'forbidden by an administrator (a REJECT rule)',
  3: 'address unreachable',
  4: 'port unreachable: nobody listens there, or a REJECT rule answers',
};

/** What a type means; empty where it is none of the usual ones. */
export const icmpTypeName = (proto: string | number | null, type: number): string =>
  (proto === 'ICMPv6' ? TYPES_6 : TYPES)[type] ?? '';

/** What a code of "destination unreachable" means; empty for others. */
export function icmpCodeName(proto: string | number | null, type: number | null, code: number): string {
  if (proto === 'ICMPv6') return type === 1 ? (CODES_6[code] ?? '') : '';
  return type === 3 ? (CODES[code] ?? '') : '';
}
