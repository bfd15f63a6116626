// Which packet field an expression of nft reads, and of which data type it is.
import type { Field } from '../model/field.ts';
import type { Datatype } from './datatypes.ts';
import { contentOf, type Json, listOf, soleEntry, stringAt } from './read/json.ts';

/** `field` is null where lo-doctor's packets have no such field. */
export type FieldOfExpression = { readonly field: Field | null; readonly type: Datatype };

/**
 * The field behind one of nft's expressions:
 * `{"payload": {"protocol": "tcp", "field": "dport"}}`, `{"meta": {"key": "oifname"}}`, `{"ct": {"key": "state"}}`;
 * null for expressions of another kind (constants, masks, maps).
 */
export function findField(expression: Json): FieldOfExpression | null {
  const entry = soleEntry(expression);
  if (entry === null) return null;
  const [name, content] = entry;
  switch (name) {
    case 'payload':
      return payloadField(content);
    case 'meta':
      return known(META, stringAt(content, 'key'));
    case 'ct':
      return ctField(content);
    case 'fib':
      return fibField(content);
    case 'exthdr':
      return extensionHeader(content);
    case 'tcp option':
      return tcpOption(content);
    case 'rt':
      return {
        field: null,
        type: entryOf(RT_TYPES, stringAt(content, 'key')) ?? addressType(stringAt(content, 'family')),
      };
    case 'socket':
      return { field: null, type: stringAt(content, 'key') === 'mark' ? 'mark' : 'integer' };
    case 'ip option':
    case 'sctp chunk':
    case 'dccp option':
      return { field: null, type: stringAt(content, 'field') === undefined ? 'boolean' : 'integer' };
    case 'osf':
      return { field: null, type: 'quoted' };
    case 'numgen':
    case 'jhash':
    case 'symhash':
    case 'ipsec':
    case 'tunnel':
      return { field: null, type: 'integer' };
    default:
      return null;
  }
}

function payloadField(content: Json): FieldOfExpression {
  const protocol = stringAt(content, 'protocol');
  const field = stringAt(content, 'field');
  if (protocol === undefined || field === undefined) return rawPayload(content);
  if (contentOf(content, 'tunnel') !== undefined) return { field: null, type: 'integer' };
  return known(PAYLOAD, `${protocol} ${field}`);
}

/** `@th,16,16`: newer and older nft differ in which raw loads they print by name. */
function rawPayload(content: Json): FieldOfExpression {
  const place = `${stringAt(content, 'base')},${contentOf(content, 'offset')},${contentOf(content, 'len')}`;
  if (place === 'th,0,16') return { field: 'th sport', type: 'raw' };
  if (place === 'th,16,16') return { field: 'th dport', type: 'raw' };
  return { field: null, type: 'raw' };
}

function ctField(content: Json): FieldOfExpression {
  const key = stringAt(content, 'key');
  const direction = stringAt(content, 'dir');
  const family = stringAt(content, 'family');
  const name = family === undefined ? key : `${family} ${key}`;
  if (direction === undefined) return known(CT, name);
  if (direction !== 'original' && direction !== 'reply') return { field: null, type: 'integer' };
  const there = known(CT_TUPLE, name);
  if (there.field !== null || there.type !== 'integer') return directed(direction, there);
  return known(CT, name);
}

/** `ct reply saddr` from `ct original saddr`. */
function directed(direction: 'original' | 'reply', { field, type }: FieldOfExpression): FieldOfExpression {
  if (direction === 'original' || field === null) return { field, type };
  return { field: REPLY_FIELDS[field] ?? null, type };
}

function fibField(content: Json): FieldOfExpression {
  const flags = listOf(contentOf(content, 'flags'));
  const result = stringAt(content, 'result');
  const type = entryOf(FIB_TYPES, result) ?? 'integer';
  const asked = entryOf(FIB_RESULTS, result);
  const address = flags.includes('saddr') ? 'saddr' : flags.includes('daddr') ? 'daddr' : null;
  if (address === null || asked === undefined) return { field: null, type };
  const mark = flags.includes('mark') ? ' . mark' : '';
  const device = flags.includes('iif') ? ' . iif' : flags.includes('oif') ? ' . oif' : '';
  return { field: `fib ${address}${mark}${device} ${asked}`, type };
}

/** Devices are compared by name, also where nft says that it looks for any. */
const FIB_RESULTS: Partial<Record<string, 'type' | 'oifname'>> = {
  type: 'type',
  oif: 'oifname',
  oifname: 'oifname',
  check: 'oifname',
};

function extensionHeader(content: Json): FieldOfExpression {
  const number = entryOf(EXTENSION_HEADERS, stringAt(content, 'name'));
  const field = stringAt(content, 'field');
  if (field !== undefined) return { field: null, type: field === 'nexthdr' ? 'inet_proto' : 'integer' };
  return { field: number === undefined ? null : `exthdr ${number}`, type: 'boolean' };
}

function tcpOption(content: Json): FieldOfExpression {
  const name = stringAt(content, 'name');
  const field = stringAt(content, 'field');
  const number = entryOf(TCP_OPTIONS, name);
  if (contentOf(content, 'base') !== undefined) return { field: null, type: 'raw' };
  if (field === undefined) return { field: number === undefined ? null : `tcp option ${number}`, type: 'boolean' };
  return { field: name === 'maxseg' && field === 'size' ? 'tcp option maxseg size' : null, type: 'integer' };
}

/** What a table has for a word that may be missing. */
function entryOf<T>(table: Readonly<Partial<Record<string, T>>>, word: string | undefined): T | undefined {
  return word === undefined ? undefined : table[word];
}

function addressType(family: string | undefined): Datatype {
  return family === 'ip' ? 'ipv4_addr' : family === 'ip6' ? 'ipv6_addr' : 'integer';
}

type Fields = Readonly<Record<string, FieldOfExpression>>;

function known(fields: Fields, name: string | undefined): FieldOfExpression {
  const found = name !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
  return found ?? { field: null, type: 'integer' };
}

const RT_TYPES: Partial<Record<string, Datatype>> = { classid: 'classid', mtu: 'half', ipsec: 'boolean' };
const FIB_TYPES: Partial<Record<string, Datatype>> = {
  type: 'fib_addrtype',
  oif: 'iface_index',
  oifname: 'ifname',
  check: 'boolean',
};
const EXTENSION_HEADERS: Partial<Record<string, number>> = { hbh: 0, rt: 43, frag: 44, ah: 51, dst: 60, mh: 135 };
const TCP_OPTIONS: Partial<Record<string, number>> = {
  eol: 0,
  nop: 1,
  maxseg: 2,
  window: 3,
  'sack-perm': 4,
  'sack-permitted': 4,
  sack: 5,
  timestamp: 8,
  md5sig: 19,
  mptcp: 30,
  fastopen: 34,
};

const META: Fields = {
  iif: { field: 'meta iif', type: 'iface_index' },
  oif: { field: 'meta oif', type: 'iface_index' },
  iifname: { field: 'meta iifname', type: 'ifname' },
  oifname: { field: 'meta oifname', type: 'ifname' },
  iiftype: { field: 'meta iiftype', type: 'arphrd' },
  oiftype: { field: 'meta oiftype', type: 'arphrd' },
  iifgroup: { field: 'meta iifgroup', type: 'devgroup' },
  oifgroup: { field: 'meta oifgroup', type: 'devgroup' },
  nfproto: { field: 'meta nfproto', type: 'nf_proto' },
  protocol: { field: 'meta protocol', type: 'ether_type' },
  l4proto: { field: 'meta l4proto', type: 'inet_proto' },
  length: { field: 'meta length', type: 'integer' },
  mark: { field: 'meta mark', type: 'mark' },
  priority: { field: 'meta priority', type: 'classid' },
  pkttype: { field: 'meta pkttype', type: 'pkt_type' },
  skuid: { field: 'meta skuid', type: 'id' },
  skgid: { field: 'meta skgid', type: 'id' },
  cgroup: { field: 'meta cgroup', type: 'integer' },
  rtclassid: { field: 'meta rtclassid', type: 'classid' },
  cpu: { field: 'meta cpu', type: 'integer' },
  iifkind: { field: 'meta iifkind', type: 'quoted' },
  oifkind: { field: 'meta oifkind', type: 'quoted' },
  sdif: { field: 'meta sdif', type: 'iface_index' },
  sdifname: { field: 'meta sdifname', type: 'ifname' },
  secpath: { field: 'meta secpath', type: 'boolean' },
  ipsec: { field: 'meta secpath', type: 'boolean' },
  ibrname: { field: 'meta ibrname', type: 'ifname' },
  obrname: { field: 'meta obrname', type: 'ifname' },
  time: { field: null, type: 'clock' },
  day: { field: null, type: 'clock' },
  hour: { field: null, type: 'clock' },
  random: { field: null, type: 'integer' },
};

const CT: Fields = {
  state: { field: 'ct state', type: 'ct_state' },
  status: { field: 'ct status', type: 'ct_status' },
  mark: { field: 'ct mark', type: 'mark' },
  direction: { field: 'ct direction', type: 'ct_dir' },
  zone: { field: 'ct zone', type: 'half' },
  l3proto: { field: 'ct l3proto', type: 'nf_proto' },
  protocol: { field: 'ct protocol', type: 'inet_proto' },
  expiration: { field: 'ct expiration', type: 'duration' },
  helper: { field: 'ct helper', type: 'quoted' },
  id: { field: 'ct id', type: 'integer' },
  bytes: { field: 'ct bytes', type: 'integer' },
  packets: { field: 'ct packets', type: 'integer' },
  avgpkt: { field: 'ct avgpkt', type: 'integer' },
};

const CT_TUPLE: Fields = {
  saddr: { field: 'ct original saddr', type: 'ipv4_addr' },
  daddr: { field: 'ct original daddr', type: 'ipv4_addr' },
  'ip saddr': { field: 'ct original ip saddr', type: 'ipv4_addr' },
  'ip daddr': { field: 'ct original ip daddr', type: 'ipv4_addr' },
  'ip6 saddr': { field: 'ct original ip6 saddr', type: 'ipv6_addr' },
  'ip6 daddr': { field: 'ct original ip6 daddr', type: 'ipv6_addr' },
  'proto-src': { field: 'ct original proto-src', type: 'inet_service' },
  'proto-dst': { field: 'ct original proto-dst', type: 'inet_service' },
  bytes: { field: 'ct original bytes', type: 'integer' },
  packets: { field: 'ct original packets', type: 'integer' },
  avgpkt: { field: 'ct original avgpkt', type: 'integer' },
};

const REPLY_FIELDS: Partial<Record<Field, Field>> = {
  'ct original saddr': 'ct reply saddr',
  'ct original daddr': 'ct reply daddr',
  'ct original ip saddr': 'ct reply ip saddr',
  'ct original ip daddr': 'ct reply ip daddr',
  'ct original ip6 saddr': 'ct reply ip6 saddr',
  'ct original ip6 daddr': 'ct reply ip6 daddr',
  'ct original proto-src': 'ct reply proto-src',
  'ct original proto-dst': 'ct reply proto-dst',
  'ct original bytes': 'ct reply bytes',
  'ct original packets': 'ct reply packets',
  'ct original avgpkt': 'ct reply avgpkt',
};

const PAYLOAD: Fields = {
  'ip version': { field: 'ip version', type: 'byte' },
  'ip hdrlength': { field: 'ip hdrlength', type: 'byte' },
  'ip dscp': { field: 'ip dscp', type: 'dscp' },
  'ip ecn': { field: 'ip ecn', type: 'ecn' },
  'ip length': { field: 'ip length', type: 'half' },
  'ip id': { field: 'ip id', type: 'half' },
  'ip frag-off': { field: 'ip frag-off', type: 'half' },
  'ip ttl': { field: 'ip ttl', type: 'byte' },
  'ip protocol': { field: 'ip protocol', type: 'inet_proto' },
  'ip saddr': { field: 'ip saddr', type: 'ipv4_addr' },
  'ip daddr': { field: 'ip daddr', type: 'ipv4_addr' },
  'ip6 version': { field: 'ip6 version', type: 'byte' },
  'ip6 dscp': { field: 'ip6 dscp', type: 'dscp' },
  'ip6 ecn': { field: 'ip6 ecn', type: 'ecn' },
  'ip6 flowlabel': { field: 'ip6 flowlabel', type: 'integer' },
  'ip6 length': { field: 'ip6 length', type: 'half' },
  'ip6 nexthdr': { field: 'ip6 nexthdr', type: 'inet_proto' },
  'ip6 hoplimit': { field: 'ip6 hoplimit', type: 'byte' },
  'ip6 saddr': { field: 'ip6 saddr', type: 'ipv6_addr' },
  'ip6 daddr': { field: 'ip6 daddr', type: 'ipv6_addr' },
  'th sport': { field: 'th sport', type: 'inet_service' },
  'th dport': { field: 'th dport', type: 'inet_service' },
  'tcp sport': { field: 'tcp sport', type: 'inet_service' },
  'tcp dport': { field: 'tcp dport', type: 'inet_service' },
  'tcp flags': { field: 'tcp flags', type: 'tcp_flag' },
  'tcp doff': { field: 'tcp doff', type: 'byte' },
  'tcp window': { field: 'tcp window', type: 'half' },
  'tcp sequence': { field: 'tcp sequence', type: 'integer' },
  'tcp ackseq': { field: 'tcp ackseq', type: 'integer' },
  'tcp urgptr': { field: 'tcp urgptr', type: 'half' },
  'udp sport': { field: 'udp sport', type: 'inet_service' },
  'udp dport': { field: 'udp dport', type: 'inet_service' },
  'udp length': { field: 'udp length', type: 'half' },
  'udplite sport': { field: 'udplite sport', type: 'inet_service' },
  'udplite dport': { field: 'udplite dport', type: 'inet_service' },
  'sctp sport': { field: 'sctp sport', type: 'inet_service' },
  'sctp dport': { field: 'sctp dport', type: 'inet_service' },
  'dccp sport': { field: 'dccp sport', type: 'inet_service' },
  'dccp dport': { field: 'dccp dport', type: 'inet_service' },
  'icmp type': { field: 'icmp type', type: 'icmp_type' },
  'icmp code': { field: 'icmp code', type: 'icmp_code' },
  'icmp id': { field: 'icmp id', type: 'half' },
  'icmp sequence': { field: 'icmp sequence', type: 'half' },
  'icmpv6 type': { field: 'icmpv6 type', type: 'icmpv6_type' },
  'icmpv6 code': { field: 'icmpv6 code', type: 'icmpv6_code' },
  'icmpv6 id': { field: 'icmpv6 id', type: 'half' },
  'icmpv6 sequence': { field: 'icmpv6 sequence', type: 'half' },
  'ether type': { field: null, type: 'ether_type' },
  'ether saddr': { field: null, type: 'ether_addr' },
  'ether daddr': { field: null, type: 'ether_addr' },
  'comp nexthdr': { field: null, type: 'inet_proto' },
  'ah nexthdr': { field: null, type: 'inet_proto' },
};
