// iptables' targets that set what stands in a packet or is tied to it: type of service, TTL, the largest segment, the priority.
import { type Action, type Operand, type SettableField, unknown } from '../model/steps.ts';
import { type OptionUse, readSides, showArguments, type Target } from './extension.ts';
import { DSCP_CLASSES, TOS as TOS_NAMES } from './matches-packet.ts';
import { parseMasked, parseNumber } from './values.ts';

export const DSCP: Target = {
  options: { 'set-dscp': 1, 'set-dscp-class': 1 },
  lower: (args, { family }) => {
    const named = DSCP_CLASSES[`${firstOf(args, 'set-dscp-class')?.toUpperCase()}`];
    return [setNumber(`${family} dscp`, named ?? numberIn(args, 'set-dscp', 63), args)];
  },
};

/** Counted up or down, the value is unknown from then on. */
export const TTL: Target = {
  options: { 'ttl-set': 1, 'ttl-dec': 1, 'ttl-inc': 1 },
  lower: (args) => [setNumber('ip ttl', numberIn(args, 'ttl-set', 255), args)],
};
export const HL: Target = {
  options: { 'hl-set': 1, 'hl-dec': 1, 'hl-inc': 1 },
  lower: (args) => [setNumber('ip6 hoplimit', numberIn(args, 'hl-set', 255), args)],
};

/** `--set-tos value/mask`: the byte without the mask's bits, xor the value (xt_DSCP.c); iptables-save prints all other options so. */
export const TOS_TARGET: Target = {
  options: { 'set-tos': 1, 'and-tos': 1, 'or-tos': 1, 'xor-tos': 1 },
  lower: (args, { family }) => {
    const tos = readTos(args);
    if (tos === null) return [setNumber(`${family} dscp`, null, args), setNumber(`${family} ecn`, null, args)];
    const kept = ~tos.mask & 0xff;
    return [
      change(`${family} dscp`, { mask: kept >>> 2, xor: tos.value >>> 2 }),
      change(`${family} ecn`, { mask: kept & 3, xor: tos.value & 3 }),
    ];
  },
};

/** The flags of TCP that it takes away are on no packet of the model; the other two options set them. */
export const ECN: Target = {
  options: { 'ecn-tcp-remove': 0, 'ecn-tcp-cwr': 1, 'ecn-tcp-ece': 1, 'ecn-ip-ect': 1 },
  lower: (args, { family }) =>
    args.flatMap((argument): Action[] => {
      if (argument.option === 'ecn-tcp-remove') return [];
      if (argument.option === 'ecn-ip-ect') return [setNumber(`${family} ecn`, numberIn(args, 'ecn-ip-ect', 3), args)];
      return [{ kind: 'verdict', verdict: unknown(`-j ECN${showArguments(args)}`, 'what the server makes of it') }];
    }),
};

/** Clamped to the path's MTU, a segment on lo is what it was: sockets have clamped it to that before. */
export const TCPMSS: Target = {
  options: { 'set-mss': 1, 'clamp-mss-to-pmtu': 0 },
  lower: (args) =>
    firstOf(args, 'set-mss') === undefined
      ? []
      : [setNumber('tcp option maxseg size', numberIn(args, 'set-mss', 0xffff), args)],
};

export const TCPOPTSTRIP: Target = {
  options: { 'strip-options': 1 },
  lower: (args) => {
    const options = firstOf(args, 'strip-options')?.split(',');
    return options === undefined || options.some((option) => option === 'mss' || option === '2')
      ? [setNumber('tcp option maxseg size', null, args)]
      : [];
  },
};

/** `--set-class 0001:0010`, in hexadecimal. */
export const CLASSIFY: Target = {
  options: { 'set-class': 1 },
  lower: (args) => {
    const [, major, minor] = /^([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(`${firstOf(args, 'set-class')}`) ?? [];
    const isRead = major !== undefined && minor !== undefined;
    const handle = isRead ? (Number.parseInt(major, 16) * 0x10000 + Number.parseInt(minor, 16)) >>> 0 : null;
    return [setNumber('meta priority', handle, args)];
  },
};

/** Adds what the packet has to a set, or deletes it there. With `--map-set` it also sets what the set holds for the packet. */
export const SET: Target = {
  options: {
    'add-set': 2,
    'del-set': 2,
    'map-set': 2,
    timeout: 1,
    exist: 0,
    'map-mark': 0,
    'map-prio': 0,
    'map-queue': 0,
  },
  lower: (args) => {
    const mapped = [
      ['map-mark', 'meta mark'],
      ['map-prio', 'meta priority'],
    ] as const;
    return [
      ...args.flatMap(noteInSet),
      ...mapped.flatMap(([option, name]) =>
        args.some((argument) => argument.option === option) ? [setNumber(name, null, args)] : [],
      ),
    ];
  },
};

function noteInSet({ option, values: [set = '', text = ''] }: OptionUse): Action[] {
  const sides = readSides(text);
  if ((option !== 'add-set' && option !== 'del-set') || sides === null) return [];
  return [{ kind: 'note', note: { store: 'ipset', set, sides, does: option === 'add-set' ? 'add' : 'remove' } }];
}

function firstOf(args: readonly OptionUse[], name: string): string | undefined {
  return args.find(({ option }) => option === name)?.values[0];
}

function numberIn(args: readonly OptionUse[], name: string, most: number): number | null {
  const text = firstOf(args, name);
  return text === undefined ? null : parseNumber(text, most);
}

/** Sets a field to a number; null: to one that the rule does not tell. */
function setNumber(name: SettableField, number: number | null, args: readonly OptionUse[]): Action {
  const value: Operand =
    number === null ? unknown(showArguments(args).trim(), 'its new value') : { kind: 'constant', value: number };
  return { kind: 'set', field: name, value: [value] };
}

function change(name: SettableField, { mask, xor }: { mask: number; xor: number }): Action {
  return { kind: 'set', field: name, value: [{ kind: 'field', field: name, mask, xor }] };
}

/** Names stand for the bits of the old type of service, numbers without a mask for the whole byte. */
function readTos(args: readonly OptionUse[]): { value: number; mask: number } | null {
  const [argument] = args;
  const text = argument?.values[0];
  if (text === undefined) return null;
  const named = TOS_NAMES[text.toLowerCase()];
  if (named !== undefined) return { value: named, mask: 0x3f };
  const given = parseMasked(text, 255);
  if (given === null) return null;
  switch (argument?.option) {
    case 'set-tos':
      return { value: given.value, mask: text.includes('/') ? given.mask : 0xff };
    case 'and-tos':
      return { value: 0, mask: ~given.value & 0xff };
    case 'or-tos':
      return { value: given.value, mask: given.value };
    case 'xor-tos':
      return { value: given.value, mask: 0 };
    default:
      return null;
  }
}
