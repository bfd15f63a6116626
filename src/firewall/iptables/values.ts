// The values that iptables' options take: numbers, ranges, addresses, marks, names.
import { parseAddress, prefixMask4, prefixRange } from '../model/address.ts';
import type { Address } from '../model/packet.ts';
import type { Pattern } from '../model/steps.ts';

/** `10`, `0x1f`, `017` → the number, or null; `most` is the largest allowed. */
export function parseNumber(text: string, most = 0xffffffff): number | null {
  if (!/^(0[xX][0-9a-fA-F]+|\d+)$/.test(text)) return null;
  const value = /^0\d+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
  return value <= most ? value : null;
}

/** `a`, `a:b`, `:b`, `a:` → an inclusive range; `parse` reads one end. A range from high to low is no range. */
export function parseRange(
  text: string,
  { most, separator = ':', parse = parseNumber }: { most: number; separator?: string; parse?: typeof parseNumber },
): { from: number; to: number } | null {
  const at = text.indexOf(separator);
  const first = at < 0 ? text : text.slice(0, at);
  const last = at < 0 ? text : text.slice(at + 1);
  const from = first === '' && at >= 0 ? 0 : parse(first, most);
  const to = last === '' && at >= 0 ? most : parse(last, most);
  return from === null || to === null || from > to ? null : { from, to };
}

/** `v` or `v/m` as mark options write it; without a mask `m` is all ones. */
export function parseMasked(text: string, most = 0xffffffff): { value: number; mask: number } | null {
  const at = text.indexOf('/');
  const value = parseNumber(at < 0 ? text : text.slice(0, at), most);
  const mask = at < 0 ? most : parseNumber(text.slice(at + 1), most);
  return value === null || mask === null ? null : { value, mask };
}

/** A port number, or the name of a service that every distribution lists under this number. */
export function parsePort(text: string, most = 0xffff): number | null {
  return parseNumber(text, most) ?? SERVICES[text] ?? null;
}

/** A protocol as -p takes it: number or name. Unknown names are null; `all` is 0. */
export function parseProtocol(text: string): number | null {
  return parseNumber(text, 255) ?? PROTOCOLS[text.toLowerCase()] ?? null;
}

/** An address with an optional mask, as what has to be compared: the pattern, and the mask where it is no prefix. */
export type AddressPattern = { readonly pattern: Pattern; readonly mask: Address | null };

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `::1/128`, `10.0.0.1/255.0.0.255` → what the address has to be. */
export function parseAddressPattern(text: string): AddressPattern | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  if (slash < 0) return { pattern: address, mask: null };
  const width = typeof address === 'number' ? 32 : 128;
  const maskText = text.slice(slash + 1);
  const bits = /^\d{1,3}$/.test(maskText) ? Number(maskText) : prefixLength(parseAddress(maskText));
  if (bits !== null) return bits <= width ? { pattern: prefixRange(address, bits), mask: null } : null;
  return parseScattered(address, parseAddress(maskText));
}

/** `10.0.0.1-10.0.0.9` or a single address. */
export function parseAddressRange(text: string): { from: Address; to: Address } | null {
  const at = text.indexOf('-');
  const from = parseAddress(at < 0 ? text : text.slice(0, at));
  const to = at < 0 ? from : parseAddress(text.slice(at + 1));
  return from === null || to === null || typeof from !== typeof to ? null : { from, to };
}

function parseScattered(address: Address, mask: Address | null): AddressPattern | null {
  if (typeof address === 'number' && typeof mask === 'number') return { pattern: (address & mask) >>> 0, mask };
  if (typeof address === 'bigint' && typeof mask === 'bigint') return { pattern: address & mask, mask };
  return null;
}

/** How many ones a mask starts with, null where it has ones after a zero. */
function prefixLength(mask: Address | null): number | null {
  if (mask === null) return null;
  if (typeof mask === 'number') {
    const bits = Math.clz32(~mask);
    return prefixMask4(bits) === mask ? bits : null;
  }
  const text = mask.toString(2).padStart(128, '0');
  const bits = text.indexOf('0') < 0 ? 128 : text.indexOf('0');
  return text.lastIndexOf('1') < bits ? bits : null;
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  all: 0,
  icmp: 1,
  igmp: 2,
  ggp: 3,
  ipencap: 4,
  ipip: 4,
  st: 5,
  tcp: 6,
  egp: 8,
  igp: 9,
  pup: 12,
  udp: 17,
  hmp: 20,
  'xns-idp': 22,
  rdp: 27,
  'iso-tp4': 29,
  dccp: 33,
  xtp: 36,
  ddp: 37,
  'idpr-cmtp': 38,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  idrp: 45,
  rsvp: 46,
  gre: 47,
  esp: 50,
  'ipv6-crypt': 50,
  ah: 51,
  'ipv6-auth': 51,
  skip: 57,
  'ipv6-icmp': 58,
  icmpv6: 58,
  icmp6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  rspf: 73,
  vmtp: 81,
  eigrp: 88,
  ospf: 89,
  ospfigp: 89,
  'ax.25': 93,
  etherip: 97,
  encap: 98,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  isis: 124,
  sctp: 132,
  fc: 133,
  'mobility-header': 135,
  'ipv6-mh': 135,
  mh: 135,
  udplite: 136,
  'mpls-in-ip': 137,
  manet: 138,
  hip: 139,
  shim6: 140,
  wesp: 141,
  rohc: 142,
  ethernet: 143,
  mptcp: 262,
};

const SERVICES: Readonly<Record<string, number>> = {
  'ftp-data': 20,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  mail: 25,
  domain: 53,
  bootps: 67,
  bootpc: 68,
  tftp: 69,
  http: 80,
  www: 80,
  pop3: 110,
  'pop-3': 110,
  sunrpc: 111,
  auth: 113,
  ident: 113,
  nntp: 119,
  ntp: 123,
  'netbios-ns': 137,
  'netbios-dgm': 138,
  'netbios-ssn': 139,
  imap: 143,
  imap2: 143,
  snmp: 161,
  'snmp-trap': 162,
  bgp: 179,
  ldap: 389,
  https: 443,
  'microsoft-ds': 445,
  submissions: 465,
  isakmp: 500,
  syslog: 514,
  printer: 515,
  submission: 587,
  ipp: 631,
  ldaps: 636,
  rsync: 873,
  imaps: 993,
  pop3s: 995,
  openvpn: 1194,
  'ms-sql-s': 1433,
  nfs: 2049,
  mysql: 3306,
  postgresql: 5432,
  x11: 6000,
};
