// Reads what `ipset save` prints.

import { parseIcmpType } from '../../iptables/icmp-types.ts';
import { parseAddress } from '../../model/address.ts';
import type { IpSet, IpSetElement } from '../facts.ts';
import { addressKey, type PartKind, partsOf, portKey } from './ipset-key.ts';

type Reading = {
  readonly type: string;
  readonly family: IpSet['family'];
  readonly netmask: number | null;
  readonly elements: Map<string, IpSetElement>;
  readonly shapes: Map<string, (number | null)[]>;
  readonly members: string[];
  isWhole: boolean;
  /** Its elements are addresses or networks, and nothing else. */
  readonly isPlain: boolean;
};

/**
 * The sets by name:
 * ```
 * create web hash:net,port family inet hashsize 1024 maxelem 65536 timeout 300 bucketsize 12 initval 0x3f708d11
 * add web 10.0.0.0/8,tcp:80 timeout 297 packets 0 bytes 0 comment "office" nomatch
 * ```
 */
export function parseIpsetSave(text: string): Map<string, IpSet> {
  const sets = new Map<string, Reading>();
  for (const line of text.split('\n')) {
    if (line.startsWith('add ')) addLine(sets, line);
    else if (line.startsWith('create ')) {
      const [, name = '', what = '', ...options] = line.split(' ');
      sets.set(name, begin(what, options));
    }
  }
  return new Map([...sets].map(([name, reading]) => [name, finish(reading)]));
}

/** A comment may hold any words; ipset allows no quotes in it. */
const COMMENT = /(?:^| )comment "[^"]*"/;

function begin(type: string, options: readonly string[]): Reading {
  const netmask = optionOf(options, 'netmask');
  const families = { inet: 'ip', inet6: 'ip6' } as const;
  const named = optionOf(options, 'family');
  const family = named === 'inet' || named === 'inet6' ? families[named] : type.startsWith('bitmap:ip') ? 'ip' : null;
  return {
    type,
    family,
    netmask: netmask === null ? null : Number(netmask),
    elements: new Map(),
    shapes: new Map(),
    members: [],
    isPlain: netmask === null && (type === 'hash:ip' || type === 'hash:net'),
    // A bitmask or a mark's mask changes what is looked up.
    isWhole: partsOf(type) !== null && optionOf(options, 'bitmask') === null && optionOf(options, 'markmask') === null,
  };
}

/** Sets may have hundreds of thousands of lines: nothing is done twice for one. */
function addLine(sets: ReadonlyMap<string, Reading>, line: string): void {
  const afterName = line.indexOf(' ', 4);
  const afterElement = line.indexOf(' ', afterName + 1);
  const reading = sets.get(line.slice(4, afterName));
  const element = line.slice(afterName + 1, afterElement < 0 ? line.length : afterElement);
  const options = afterElement < 0 ? '' : line.slice(afterElement + 1).replace(COMMENT, '');
  if (reading === undefined) return;
  if (options === '' && reading.isPlain) addPlain(reading, element);
  else add(reading, element, options.split(' '));
}

/** One address or network, which ipset prints as its key is written. */
function addPlain({ elements, shapes }: Reading, element: string): void {
  elements.set(element, PLAIN);
  const slash = element.indexOf('/');
  const length = slash < 0 ? (element.includes(':') ? '128' : '32') : element.slice(slash + 1);
  if (!shapes.has(length)) shapes.set(length, [Number(length)]);
}

const PLAIN: IpSetElement = { nomatch: false, expires: null };

function add(reading: Reading, what: string, options: readonly string[]): void {
  if (reading.type.startsWith('list:')) {
    reading.members.push(what);
    return;
  }
  const kinds = partsOf(reading.type) ?? [];
  const parts = what.split(',').map((part, index) => readPart(kinds[index], part, reading));
  const read = parts.filter((part) => part !== null);
  if (read.length !== kinds.length || parts.length !== kinds.length || options.includes('wildcard')) {
    reading.isWhole = false;
    return;
  }
  const expires = Number(optionOf(options, 'timeout') ?? '0');
  const nomatch = options.includes('nomatch');
  reading.elements.set(read.map(({ key }) => key).join(','), { nomatch, expires: expires > 0 ? expires : null });
  const shape = read.map(({ length }) => length);
  reading.shapes.set(shape.join(), shape);
}

type Part = { readonly key: string; readonly length: number | null };

/** One part of an element, or null where it can't be read. */
function readPart(kind: PartKind | undefined, text: string, { type, netmask }: Reading): Part | null {
  switch (kind) {
    case 'ip':
    case 'net': {
      const [address = text, length] = text.split('/');
      const value = parseAddress(address);
      if (value === null) return null;
      const bits = Number(length ?? netmask ?? (typeof value === 'bigint' ? 128 : 32));
      return { key: addressKey(value, bits), length: bits };
    }
    case 'port': {
      const key = type.startsWith('bitmap:') ? readNumber(text) : readPort(text);
      return key === null ? null : { key, length: null };
    }
    case 'mark': {
      const mark = Number(text);
      return Number.isInteger(mark) ? { key: `${mark}`, length: null } : null;
    }
    case 'iface':
      return text.includes(':') ? null : { key: text, length: null };
    case 'mac':
      return { key: text, length: null };
    case 'set':
    case undefined:
      return null;
  }
}

/** The code of ICMP types that have none. */
const FIRST_CODE = 0;

const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, 'ipv6-icmp': 58, icmpv6: 58 };

/** `tcp:80`, `icmp:echo-request`, `icmp:8/0`; other protocols are none that is looked up here. */
function readPort(text: string): string | null {
  const colon = text.indexOf(':');
  const [name, port] = [text.slice(0, colon), text.slice(colon + 1)];
  const protocol = PROTOCOLS[name];
  if (protocol === undefined) return text;
  if (protocol === 6 || protocol === 17) return readNumber(port) && portKey(protocol, Number(port));
  const numbers = /^(\d+)\/(\d+)$/.exec(port);
  if (numbers !== null) return portKey(protocol, Number(numbers[1]) * 256 + Number(numbers[2]));
  const named = parseIcmpType(port, protocol === 1 ? 'icmp' : 'icmpv6');
  return named?.type == null
    ? null
    : portKey(protocol, named.type * 256 + (named.codes === null ? FIRST_CODE : named.codes.from));
}

function readNumber(text: string): string | null {
  return /^\d+$/.test(text) ? text : null;
}

function optionOf(options: readonly string[], name: string): string | null {
  const at = options.indexOf(name);
  return at < 0 ? null : (options[at + 1] ?? null);
}

/** A part that is no network sorts behind those that are, as it does for all alike. */
const WHOLE = 0;

/** The narrowest networks are tried first, by the first part of the key before the second (ip_set_hash_gen.h). */
function finish({ shapes, isPlain: _isPlain, ...set }: Reading): IpSet {
  const inOrder = [...shapes.values()].sort((a, b) => {
    for (const [index, length] of a.entries()) {
      const difference = (b[index] ?? WHOLE) - (length ?? WHOLE);
      if (difference !== 0) return difference;
    }
    return 0;
  });
  return { ...set, shapes: inOrder };
}
