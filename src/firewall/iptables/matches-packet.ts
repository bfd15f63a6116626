// iptables' matches on what stands in the packet itself: ports, flags, ICMP types, TTL, length, TOS.
import type { Field } from '../model/field.ts';
import { type Condition, type Pattern, unknown } from '../model/steps.ts';
import { compare, field, fixed, type Match, matchOf, type Reader } from './extension.ts';
import { parseIcmpType } from './icmp-types.ts';
import { parseAddressRange, parseMasked, parseNumber, parsePort, parseRange } from './values.ts';

const PORT = { most: 0xffff, parse: parsePort };

/** TCP flags by name, with nft's and the header's bits. */
const FLAGS: Readonly<Record<string, number>> = {
  FIN: 1,
  SYN: 2,
  RST: 4,
  PSH: 8,
  ACK: 16,
  URG: 32,
  ALL: 63,
  NONE: 0,
};

const ports =
  (fields: readonly Field[]): Reader =>
  ([text = ''], negated) => {
    const range = parseRange(text, PORT);
    return range && fields.map((name) => compare(field(name), [range], negated));
  };

/** `-m tcp`. */
export const tcp = matchOf('tcp', {
  'sport|source-port': [1, ports(['tcp sport'])],
  'dport|destination-port': [1, ports(['tcp dport'])],
  'tcp-flags': [2, readFlags],
  syn: [0, (_, negated) => compare(field('tcp flags', 0x17), [2], negated)],
  'tcp-option': [
    1,
    ([text = ''], negated) => {
      const option = parseNumber(text, 255);
      return option === null ? null : compare(field(`tcp option ${option}`), [1], negated);
    },
  ],
});

/** A match that knows source and destination ports only; its other options are named as unknown. */
export const portMatch = (protocol: 'udp' | 'udplite' | 'sctp' | 'dccp'): Match =>
  matchOf(protocol, {
    'sport|source-port': [1, ports([`${protocol} sport`])],
    'dport|destination-port': [1, ports([`${protocol} dport`])],
    'chunk-types': [2, () => null],
    'dccp-types': [1, () => null],
    'dccp-option': [1, () => null],
  });

/** `-m multiport`: lists of ports and port ranges. `--ports` matches either end. */
export const multiport = matchOf('multiport', {
  'sports|source-ports': [1, portList(['th sport'])],
  'dports|destination-ports': [1, portList(['th dport'])],
  'ports|port': [1, portList(['th sport', 'th dport'])],
});

/** `-m icmp` and `-m icmp6`. */
export const icmp = matchOf('icmp', { 'icmp-type': [1, icmpType('icmp')] });
export const icmp6 = matchOf('icmp6', { 'icmpv6-type|icmp6-type': [1, icmpType('icmpv6')] });

export const ttl = matchOf('ttl', {
  'ttl-eq|ttl': [1, number('ip ttl', (value) => value)],
  'ttl-lt': [1, number('ip ttl', (value) => ({ from: 0, to: value - 1 }))],
  'ttl-gt': [1, number('ip ttl', (value) => ({ from: value + 1, to: 255 }))],
});

export const hl = matchOf('hl', {
  'hl-eq|hl': [1, number('ip6 hoplimit', (value) => value)],
  'hl-lt': [1, number('ip6 hoplimit', (value) => ({ from: 0, to: value - 1 }))],
  'hl-gt': [1, number('ip6 hoplimit', (value) => ({ from: value + 1, to: 255 }))],
});

export const length = matchOf('length', {
  length: [
    1,
    ([text = ''], negated) => {
      const range = parseRange(text, { most: 0xffff });
      return range && compare(field('meta length'), [range], negated);
    },
  ],
});

export const dscp = matchOf('dscp', {
  dscp: [
    1,
    ([text = ''], negated, { family }) => {
      const value = parseNumber(text, 63);
      return value === null ? null : compare(field(`${family} dscp`), [value], negated);
    },
  ],
  'dscp-class': [
    1,
    ([text = ''], negated, { family }) => {
      const value = DSCP_CLASSES[text.toUpperCase()];
      return value === undefined ? null : compare(field(`${family} dscp`), [value], negated);
    },
  ],
});

/** `-m tos --tos value[/mask]`: the whole byte, which is dscp and ecn; ecn is 0 unless the host speaks ECN. */
export const tos = matchOf('tos', {
  tos: [
    1,
    ([text = ''], negated, { family }) => {
      const wanted = parseMasked(text, 255) ?? named(TOS[text.toLowerCase()]);
      if (!wanted) return null;
      const parts = [
        compare(field(`${family} dscp`, wanted.mask >> 2), [wanted.value >> 2], false),
        compare(field(`${family} ecn`, wanted.mask & 3), [wanted.value & 3], false),
      ];
      return negated ? { kind: 'not-all', of: parts } : parts;
    },
  ],
});

export const ecn = matchOf('ecn', {
  'ecn-tcp-cwr': [0, (_, negated) => compare(field('tcp flags', 128), [128], negated)],
  'ecn-tcp-ece': [0, (_, negated) => compare(field('tcp flags', 64), [64], negated)],
  'ecn-ip-ect': [
    1,
    ([text = ''], negated, { family }) => {
      const value = parseNumber(text, 3);
      return value === null ? null : compare(field(`${family} ecn`), [value], negated);
    },
  ],
});

export const iprange = matchOf('iprange', {
  'src-range': [1, addressRange('saddr')],
  'dst-range': [1, addressRange('daddr')],
});

/** `-m tcpmss --mss`: a packet without the option matches when negated. */
export const tcpmss = matchOf('tcpmss', {
  mss: [
    1,
    ([text = ''], negated) => {
      const range = parseRange(text, { most: 0xffff });
      return (
        range && {
          kind: 'compare',
          operand: field('tcp option maxseg size'),
          negated,
          values: [range],
          absent: negated,
        }
      );
    },
  ],
});

/** IPv6 extension headers, of which packets on lo have none: never met, negated or not. */
export const extensionHeader = (header: number, options: Readonly<Record<string, number>>): Match => ({
  options,
  lower: () => [compare(field(`exthdr ${header}`), [1], false)],
});

/** `-m ah`, `-m esp`, `-m mh`…: headers of protocols that conversations on lo don't speak. */
export const protocolHeader = (header: number, options: Readonly<Record<string, number>>): Match => ({
  options,
  lower: () => [compare(field('meta l4proto'), [header], false), unknown('its header', 'the packet')],
});

/** `-m eui64`, `-m mac`: need an Ethernet header, which packets on lo have not. */
export const noEthernet = (options: Readonly<Record<string, number>>): Match => ({
  options,
  lower: () => fixed(false),
});

function readFlags([mask = '', wanted = '']: readonly string[], negated: boolean): Condition | null {
  const bits = [mask, wanted].map((list) =>
    list.split(',').reduce<number | null>((sum, name) => {
      const bit = FLAGS[name.toUpperCase()];
      return sum === null || bit === undefined ? null : sum | bit;
    }, 0),
  );
  const [maskBits, wantedBits] = bits;
  if (maskBits === null || maskBits === undefined || wantedBits === null || wantedBits === undefined) return null;
  return compare(field('tcp flags', maskBits), [wantedBits], negated);
}

function portList(fields: readonly Field[]): Reader {
  return ([text = ''], negated) => {
    const values: Pattern[] = [];
    for (const part of text.split(',')) {
      const range = parseRange(part, PORT);
      if (!range) return null;
      values.push(range.from === range.to ? range.from : range);
    }
    const conditions = fields.map((name) => compare(field(name), values, negated));
    return negated || conditions.length === 1 ? conditions : { kind: 'any', of: conditions };
  };
}

function icmpType(protocol: 'icmp' | 'icmpv6'): Reader {
  return ([text = ''], negated) => {
    const wanted = parseIcmpType(text, protocol);
    if (!wanted) return null;
    const conditions: Condition[] = [compare(field('meta l4proto'), [protocol === 'icmp' ? 1 : 58], false)];
    const parts = [
      ...(wanted.type === null ? [] : [compare(field(`${protocol} type`), [wanted.type], false)]),
      ...(wanted.codes === null ? [] : [compare(field(`${protocol} code`), [wanted.codes], false)]),
    ];
    return negated ? [...conditions, { kind: 'not-all', of: parts }] : [...conditions, ...parts];
  };
}

function number(name: Field, pattern: (value: number) => Pattern): Reader {
  return ([text = ''], negated) => {
    const value = parseNumber(text, 255);
    return value === null ? null : compare(field(name), [pattern(value)], negated);
  };
}

function addressRange(side: 'saddr' | 'daddr'): Reader {
  return ([text = ''], negated, { family }) => {
    const range = parseAddressRange(text);
    return range && compare(field(`${family} ${side}`), [range], negated);
  };
}

function named(value: number | undefined) {
  return value === undefined ? null : { value, mask: 0x3f };
}

export const TOS: Readonly<Record<string, number>> = {
  'minimize-delay': 0x10,
  'maximize-throughput': 0x08,
  'maximize-reliability': 0x04,
  'minimize-cost': 0x02,
  'normal-service': 0,
};

export const DSCP_CLASSES: Readonly<Record<string, number>> = {
  CS0: 0,
  BE: 0,
  CS1: 8,
  CS2: 16,
  CS3: 24,
  CS4: 32,
  CS5: 40,
  CS6: 48,
  CS7: 56,
  EF: 46,
  AF11: 10,
  AF12: 12,
  AF13: 14,
  AF21: 18,
  AF22: 20,
  AF23: 22,
  AF31: 26,
  AF32: 28,
  AF33: 30,
  AF41: 34,
  AF42: 36,
  AF43: 38,
};
