// iptables' matches on what is tied to a packet: its connection, marks, owner, addresses' types, devices.
import { at } from '../../at.ts';
import type { Field } from '../model/field.ts';
import { type Condition, type Operand, type Pattern, unknown } from '../model/steps.ts';
import {
  anyBit,
  compare,
  field,
  fixed,
  type Match,
  matchOf,
  type OptionUse,
  type Reader,
  unread,
} from './extension.ts';
import { parseAddressPattern, parseMasked, parseNumber, parsePort, parseProtocol, parseRange } from './values.ts';

const STATES: Readonly<Record<string, number>> = { INVALID: 1, ESTABLISHED: 2, RELATED: 4, NEW: 8, UNTRACKED: 64 };
const NAT_STATES: Readonly<Record<string, number>> = { SNAT: 16, DNAT: 32 };
const STATUS: Readonly<Record<string, number>> = { NONE: 0, EXPECTED: 1, SEEN_REPLY: 2, ASSURED: 4, CONFIRMED: 8 };

/** `-m state --state NEW,ESTABLISHED`. */
export const state = matchOf('state', { state: [1, ([text = ''], negated) => readStates(text, negated)] });

/**
 * `-m conntrack`. As in the kernel's xt_conntrack.c, a packet without a connection is judged by --ctstate alone, and by
 * nothing else where that is absent.
 */
export const conntrack: Match = {
  options: {
    ctstate: 1,
    ctproto: 1,
    ctorigsrc: 1,
    ctorigdst: 1,
    ctreplsrc: 1,
    ctrepldst: 1,
    ctorigsrcport: 1,
    ctorigdstport: 1,
    ctreplsrcport: 1,
    ctrepldstport: 1,
    ctstatus: 1,
    ctexpire: 1,
    ctdir: 1,
  },
  lower: (args) => {
    const judgedByState = args.some(({ option }) => option === 'ctstate');
    return args.flatMap((argument) => readConntrack(argument, judgedByState) ?? unread('conntrack', argument));
  },
};

/** `-m mark`, `-m connmark`: `--mark value[/mask]`. */
export const mark = matchOf('mark', { mark: [1, masked('meta mark')] });
export const connmark = matchOf('connmark', { mark: [1, masked('ct mark')] });

/**
 * `-m owner`. A packet that no program's socket sent matches negated user and group options only (xt_owner.c). Names are
 * known for root alone: iptables-save prints numbers.
 */
export const owner = matchOf('owner', {
  'uid-owner': [1, ownerId('meta skuid')],
  'gid-owner': [1, ownerId('meta skgid')],
  'suppl-groups': [0, () => []],
  'socket-exists': [0, (_, negated) => (negated ? { kind: 'not-all', of: [fromSocket] } : fromSocket)],
});

/** `-m cgroup`: the class of net_cls that the sender's socket has, or its control group. A packet without a socket matches neither, negated or not. */
export const cgroup = matchOf('cgroup', {
  cgroup: [
    1,
    ([text = ''], negated) => {
      const id = parseNumber(text);
      return id === null ? null : compare(field('meta cgroup'), [id], negated);
    },
  ],
  path: [
    1,
    ([path = ''], negated) =>
      unknown(
        `-m cgroup ${negated ? '! ' : ''}--path ${path}`,
        'the control group of the program that sends it (/proc/PID/cgroup)',
      ),
  ],
});

/** Some program's socket, or for ICMP the kernel's own one; resets alone are sent without any. */
const fromSocket: Condition = {
  kind: 'any',
  of: [
    { kind: 'compare', operand: field('meta skuid'), negated: false, values: [{ from: 0, to: 0xffffffff }] },
    { kind: 'compare', operand: field('meta l4proto'), negated: false, values: [1, 58] },
  ],
};

/** `-m addrtype`, by the type that the route lookup gives an address. */
export const addrtype: Match = {
  options: { 'src-type': 1, 'dst-type': 1, 'limit-iface-in': 0, 'limit-iface-out': 0 },
  lower: (args, context) => {
    const device = args.some(({ option }) => option === 'limit-iface-in')
      ? ' . iif'
      : args.some(({ option }) => option === 'limit-iface-out')
        ? ' . oif'
        : '';
    return args.flatMap((argument) => {
      if (argument.option !== 'src-type' && argument.option !== 'dst-type') return [];
      const side = argument.option === 'src-type' ? 'saddr' : 'daddr';
      const types = at(argument.values, 0)
        .toUpperCase()
        .split(',')
        .map((name) => ADDRESS_TYPES.indexOf(name));
      if (types.includes(-1)) return [unread('addrtype', argument)];
      return context.family === 'ip'
        ? compare(field(`fib ${side}${device} type`), types, argument.negated)
        : addressType6(side, device, types, argument.negated);
    });
  },
};

/** `-m pkttype`. */
export const pkttype = matchOf('pkttype', {
  'pkt-type': [
    1,
    ([text = ''], negated) => {
      const type = parseNumber(text, 7) ?? PACKET_TYPES[text.toLowerCase()];
      return type === undefined ? null : compare(field('meta pkttype'), [type], negated);
    },
  ],
});

/** `-m physdev`: lo is in no bridge, so only negated options match (xt_physdev.c). */
export const physdev = matchOf('physdev', {
  'physdev-in': [1, (_, negated) => fixed(negated)],
  'physdev-out': [1, (_, negated) => fixed(negated)],
  'physdev-is-in': [0, (_, negated) => fixed(negated)],
  'physdev-is-out': [0, (_, negated) => fixed(negated)],
  'physdev-is-bridged': [0, (_, negated) => fixed(negated)],
});

/** `-m policy`: lo carries no IPsec (its disable_xfrm and disable_policy are on), so `--pol none` matches and `ipsec` doesn't. */
export const policy: Match = {
  options: {
    dir: 1,
    pol: 1,
    strict: 0,
    next: 0,
    reqid: 1,
    spi: 1,
    proto: 1,
    mode: 1,
    'tunnel-src': 1,
    'tunnel-dst': 1,
  },
  lower: (args) => fixed(args.some(({ option, values }) => option === 'pol' && values[0] === 'none')),
};

/** `-m rpfilter`: what comes in by lo always passes (xt_rpfilter.c). */
export const rpfilter: Match = {
  options: { loose: 0, validmark: 0, 'accept-local': 0, invert: 0 },
  lower: (args) => fixed(!args.some(({ option }) => option === 'invert')),
};

/** `-m helper`: looks at the connection that this one was expected by (xt_helper.c); a conversation of its own has none. */
export const helper = matchOf('helper', { helper: [1, (_, negated) => fixed(negated)] });

/** `-m realm`: packets on lo carry no realm. */
export const realm = matchOf('realm', { realm: [1, masked('meta rtclassid')] });

export const cpu = matchOf('cpu', { cpu: [1, masked('meta cpu')] });

export const devgroup = matchOf('devgroup', {
  'src-group': [1, masked('meta iifgroup')],
  'dst-group': [1, masked('meta oifgroup')],
});

function readStates(
  text: string,
  negated: boolean,
  extra: Readonly<Record<string, number>> = {},
): Condition | readonly Condition[] | null {
  let states = 0;
  let nat = 0;
  for (const name of text.toUpperCase().split(',')) {
    const bit = STATES[name];
    const natBit = extra[name];
    if (bit !== undefined) states |= bit;
    else if (natBit !== undefined) nat |= natBit;
    else return null;
  }
  const conditions = [
    ...(states ? [anyBit('ct state', states, negated)] : []),
    ...(nat ? [anyBit('ct status', nat, negated, negated)] : []),
  ];
  return conditions.length === 1 || negated ? conditions : { kind: 'any', of: conditions };
}

function readConntrack(
  { option, negated, values: [text = ''] }: OptionUse,
  absent: boolean,
): Condition | readonly Condition[] | null {
  const matching = (operand: Operand, pattern: Pattern | null): Condition | null =>
    pattern === null ? null : { kind: 'compare', operand, negated, values: [pattern], absent };
  const address = (end: 'original saddr' | 'original daddr' | 'reply saddr' | 'reply daddr') => {
    const wanted = parseAddressPattern(text);
    return wanted && matching(field(`ct ${end}`, wanted.mask ?? undefined), wanted.pattern);
  };
  const port = (end: 'original proto-src' | 'original proto-dst' | 'reply proto-src' | 'reply proto-dst') =>
    matching(field(`ct ${end}`), parseRange(text, { most: 0xffff, parse: parsePort }));
  switch (option) {
    case 'ctstate':
      return readStates(text, negated, NAT_STATES);
    case 'ctproto':
      return matching(field('ct protocol'), parseProtocol(text));
    case 'ctorigsrc':
      return address('original saddr');
    case 'ctorigdst':
      return address('original daddr');
    case 'ctreplsrc':
      return address('reply saddr');
    case 'ctrepldst':
      return address('reply daddr');
    case 'ctorigsrcport':
      return port('original proto-src');
    case 'ctorigdstport':
      return port('original proto-dst');
    case 'ctreplsrcport':
      return port('reply proto-src');
    case 'ctrepldstport':
      return port('reply proto-dst');
    case 'ctstatus':
      return readStatus(text, negated, absent);
    case 'ctexpire':
      return matching(field('ct expiration'), parseRange(text, { most: 0xffffffff }));
    case 'ctdir':
      return matching(field('ct direction'), text === 'ORIGINAL' ? 0 : text === 'REPLY' ? 1 : null);
    default:
      return null;
  }
}

function readStatus(text: string, negated: boolean, absent: boolean): Condition | null {
  let bits = 0;
  for (const name of text.toUpperCase().split(',')) {
    const bit = STATUS[name];
    if (bit === undefined) return null;
    bits |= bit;
  }
  return anyBit('ct status', bits, negated, absent);
}

function masked(name: Field): Reader {
  return ([text = ''], negated) => {
    const wanted = parseMasked(text);
    return (
      wanted && compare(field(name, wanted.mask === 0xffffffff ? undefined : wanted.mask), [wanted.value], negated)
    );
  };
}

function ownerId(name: 'meta skuid' | 'meta skgid'): Reader {
  return ([text = ''], negated) => {
    const range = text === 'root' ? { from: 0, to: 0 } : parseRange(text, { most: 0xfffffffe, separator: '-' });
    if (range) return { kind: 'compare', operand: field(name), negated, values: [range], absent: negated };
    return unknown(
      `${negated ? '! ' : ''}${name === 'meta skuid' ? '--uid-owner' : '--gid-owner'} ${text}`,
      `the number of ${text}`,
    );
  };
}

/** IPv6 knows unicast and multicast by the address, and asks the routes only for the other types (xt_addrtype.c). */
function addressType6(
  side: 'saddr' | 'daddr',
  device: '' | ' . iif' | ' . oif',
  types: readonly number[],
  negated: boolean,
): Condition | readonly Condition[] {
  const multicast = { from: 0xffn << 120n, to: (1n << 128n) - 1n };
  const routed = types.filter((type) => type !== 0 && type !== 1 && type !== 5);
  const conditions = [
    ...(types.includes(5) ? [compare(field(`ip6 ${side}`), [multicast], false)] : []),
    ...(types.includes(1) ? [compare(field(`ip6 ${side}`), [0n, multicast], true)] : []),
    ...(types.includes(0) ? [compare(field(`ip6 ${side}`), [0n], false)] : []),
    ...(routed.length > 0 ? [compare(field(`fib ${side}${device} type`), routed, false)] : []),
  ];
  return negated ? { kind: 'not-all', of: conditions } : conditions;
}

const ADDRESS_TYPES = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
];

const PACKET_TYPES: Readonly<Record<string, number>> = {
  unicast: 0,
  host: 0,
  broadcast: 1,
  multicast: 2,
  otherhost: 3,
};
