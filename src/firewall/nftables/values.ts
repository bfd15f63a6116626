// Reads the constants of nft's JSON: numbers, addresses, names of numbers, ranges and prefixes.

import { parsePort } from '../iptables/values.ts';
import { parseAddress, prefixRange } from '../model/address.ts';
import type { Pattern, Value } from '../model/steps.ts';
import { type Datatype, isBitmask, numberOfSymbol, widthOf } from './datatypes.ts';
import { isList, type Json, type JsonList, numberAt, soleEntry } from './read/json.ts';

/** One constant (`25`, `"127.0.0.1"`, `"syn"`, `["syn", "ack"]`, `{"|": ["syn", "ack"]}`), or null where it isn't understood. */
export function parseConstant(json: Json, type: Datatype): Value | null {
  if (typeof json === 'number') return parseInteger(json, type);
  if (typeof json === 'boolean') return json ? 1 : 0;
  if (typeof json === 'string') return parseText(json, type);
  if (isList(json)) return isBitmask(type) ? joinBits(json, type) : null;
  const entry = soleEntry(json);
  return entry !== null && entry[0] === '|' && isList(entry[1]) ? joinBits(entry[1], type) : null;
}

/** A constant, `{"range": [80, 90]}`, `{"prefix": {"addr": "127.0.0.0", "len": 8}}` or `"eth*"`; null where it isn't understood. */
export function parsePattern(json: Json, type: Datatype): Pattern | null {
  if (typeof json === 'number') return parseInteger(json, type);
  if (typeof json === 'string') return type === 'ifname' ? namePattern(json) : parseText(json, type);
  const entry = soleEntry(json);
  if (entry?.[0] === 'range' && isList(entry[1])) return parseRange(entry[1], type);
  if (entry?.[0] === 'prefix') return parsePrefix(entry[1], type);
  return parseConstant(json, type);
}

/** The largest value of a type: 65535 for a port. */
export function largestOf(type: Datatype): number | bigint {
  if (type === 'integer') return Number.MAX_SAFE_INTEGER;
  const width = widthOf(type);
  return width > 32 ? (1n << BigInt(width)) - 1n : 2 ** width - 1;
}

function parseInteger(number: number, type: Datatype): Value {
  if (type === 'ipv6_addr') return BigInt(number);
  return type === 'iface_index' ? nameOfIndex(`${number}`) : number;
}

function parseText(text: string, type: Datatype): Value | null {
  switch (type) {
    case 'ipv4_addr':
    case 'ipv6_addr':
      return addressOf(text, type);
    case 'ifname':
      return text.replaceAll('\\*', '*');
    case 'iface_index':
      return nameOfIndex(text);
    case 'quoted':
      return text;
    case 'classid':
      return parseClass(text);
    case 'duration':
      return parseDuration(text);
    case 'inet_service':
      return parsePort(text);
    default:
      return numberOfSymbol(type, text) ?? parseNumber(text);
  }
}

function addressOf(text: string, type: 'ipv4_addr' | 'ipv6_addr'): Value | null {
  const address = parseAddress(text);
  if (address === null) return null;
  return (typeof address === 'bigint') === (type === 'ipv6_addr') ? address : null;
}

/** Devices are compared by name. nft prints the number of one that is gone; lo is number 1 in every network namespace. */
function nameOfIndex(text: string): string {
  if (text === '1') return 'lo';
  return /^\d+$/.test(text) ? `#${text}` : text;
}

/** A traffic class, `1:2` in hexadecimal, `none` or `root`. */
function parseClass(text: string): Value | null {
  if (text === 'none') return 0;
  if (text === 'root') return 0xffffffff;
  const halves = /^([0-9a-f]{0,4}):([0-9a-f]{0,4})$/i.exec(text);
  if (halves === null) return parseNumber(text);
  return Number.parseInt(halves[1] || '0', 16) * 65536 + Number.parseInt(halves[2] || '0', 16);
}

/** nft leaves out the parts of a duration that are none. */
const NO_PART = 0;

/** Seconds, which nft's text writes as `1h5m`; null for what is none. */
export function parseDuration(text: string): number | null {
  const parts = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (parts === null || text === '') return /^\d+$/.test(text) ? Number(text) : null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? NO_PART));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

function parseNumber(text: string): Value | null {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** Interface names end in `*` for all that begin so; an escaped star is a star. */
function namePattern(text: string): Pattern {
  if (!text.endsWith('*') || text.endsWith('\\*')) return text.replaceAll('\\*', '*');
  return { prefix: text.slice(0, -1).replaceAll('\\*', '*') };
}

function parseRange([from, to]: JsonList, type: Datatype): Pattern | null {
  if (from === undefined || to === undefined) return null;
  const first = parseConstant(from, type);
  const last = parseConstant(to, type);
  return first === null || last === null ? null : { from: first, to: last };
}

function parsePrefix(content: Json, type: Datatype): Pattern | null {
  const length = numberAt(content, 'len');
  const address = typeof content === 'object' && content !== null && 'addr' in content ? content.addr : undefined;
  if (length === undefined || address === undefined) return null;
  const first = parseConstant(address, type);
  if (first === null || typeof first === 'string') return null;
  if (type === 'ipv4_addr' || type === 'ipv6_addr') return prefixRange(first, length);
  const width = widthOf(type);
  if (typeof first === 'bigint' || width > 32 || length > width) return null;
  const size = 2 ** (width - length);
  const from = first - (first % size);
  return { from, to: from + size - 1 };
}

function joinBits(list: JsonList, type: Datatype): Value | null {
  let bits = 0;
  for (const item of list) {
    const value = parseConstant(item, type);
    if (typeof value !== 'number') return null;
    bits = (bits | value) >>> 0;
  }
  return bits;
}
