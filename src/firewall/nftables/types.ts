// The data types of expressions: what a constant beside them means, and how nft prints it.
import type { Datatype } from './datatypes.ts';
import { findField } from './fields.ts';
import { contentOf, isList, type Json, soleEntry } from './read/json.ts';

/** The type of an expression that reads something; `integer` where that can't be said. */
export function typeOf(expression: Json): Datatype {
  const found = findField(expression);
  if (found !== null) return found.type;
  const entry = soleEntry(expression);
  if (entry !== null && isList(entry[1]) && entry[1][0] !== undefined && OPERATORS.includes(entry[0])) {
    return typeOf(entry[1][0]);
  }
  return entry?.[0] === 'elem' ? typeOf(contentOf(entry[1], 'val') ?? null) : 'integer';
}

/** The types of the parts of a key. */
export function typesOf(key: Json): readonly Datatype[] {
  const parts = contentOf(key, 'concat');
  return isList(parts) ? parts.map(typeOf) : [typeOf(key)];
}

/** The types that a set's declaration names: `"ipv4_addr"`, `["ipv4_addr", "inet_service"]`, `"ipv4_addr . inet_service"`, `{"typeof": …}`. */
export function declaredTypes(json: Json | undefined): readonly Datatype[] {
  if (typeof json === 'string') return json.split(' . ').map(declaredType);
  if (isList(json)) return json.flatMap(declaredTypes);
  const expression = contentOf(json, 'typeof');
  return expression === undefined ? [] : typesOf(expression);
}

const OPERATORS: readonly string[] = ['&', '|', '^', '<<', '>>'];

function declaredType(name: string): Datatype {
  return Object.hasOwn(DECLARED, name) ? (DECLARED[name] ?? 'integer') : 'integer';
}

const DECLARED: Partial<Record<string, Datatype>> = {
  ipv4_addr: 'ipv4_addr',
  ipv6_addr: 'ipv6_addr',
  ether_addr: 'ether_addr',
  ifname: 'ifname',
  iface_index: 'iface_index',
  inet_service: 'inet_service',
  inet_proto: 'inet_proto',
  nf_proto: 'nf_proto',
  ether_type: 'ether_type',
  mark: 'mark',
  ct_state: 'ct_state',
  ct_status: 'ct_status',
  ct_dir: 'ct_dir',
  tcp_flag: 'tcp_flag',
  icmp_type: 'icmp_type',
  icmp_code: 'icmp_code',
  icmpv6_type: 'icmpv6_type',
  icmpv6_code: 'icmpv6_code',
  dscp: 'dscp',
  ecn: 'ecn',
  pkt_type: 'pkt_type',
  fib_addrtype: 'fib_addrtype',
  iface_type: 'arphrd',
  devgroup: 'devgroup',
  classid: 'classid',
  realm: 'classid',
  uid: 'id',
  gid: 'id',
  verdict: 'verdict',
};
