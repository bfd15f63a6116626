// All of iptables' target extensions by name: what a rule does once its matches hold.
import { parseAddress } from '../model/address.ts';
import {
  type Action,
  type Condition,
  type Log,
  type Nat,
  type Operand,
  unknown,
  type Verdict,
} from '../model/steps.ts';
import { field, type OptionUse, type RuleContext, showArguments, type Target } from './extension.ts';
import { parseNatTarget } from './nat-target.ts';
import { CLASSIFY, DSCP, ECN, HL, SET, TCPMSS, TCPOPTSTRIP, TOS_TARGET, TTL } from './targets-packet.ts';
import { parseMasked, parseNumber } from './values.ts';

const value = (args: readonly OptionUse[], ...options: readonly string[]) =>
  args.find(({ option }) => options.includes(option))?.values[0];
const has = (args: readonly OptionUse[], option: string) => args.some((argument) => argument.option === option);

const verdict = (judged: Verdict): Action => ({ kind: 'verdict', verdict: judged });

/** A target that changes nothing that a conversation on lo depends on; the packet goes on to the next rule. */
const goesOn = (options: Readonly<Record<string, number>> = {}): Target => ({ options, lower: () => [] });

/** A target whose judgement can't be told. */
const unknownTarget = (name: string, settledBy = `what "-j ${name}" does`): Target => ({
  options: {},
  lower: (args) => [verdict(unknown(`-j ${name}${showArguments(args)}`, settledBy))],
});

const final = (judged: Verdict): Target => ({ options: {}, lower: () => [verdict(judged)] });

/** What iptables writes where its options don't say it. */
const NO_PREFIX = '';
const FIRST_GROUP = '0';

const LOG: Target = {
  options: {
    'log-prefix': 1,
    'log-level': 1,
    'log-uid': 0,
    'log-tcp-sequence': 0,
    'log-tcp-options': 0,
    'log-ip-options': 0,
    'log-macdecode': 0,
  },
  lower: (args): Log[] => [
    {
      kind: 'log',
      prefix: value(args, 'log-prefix') ?? NO_PREFIX,
      level: readLevel(value(args, 'log-level') ?? '4'),
      group: null,
      uid: has(args, 'log-uid'),
    },
  ],
};

const groupLog = (prefix: string, group: string, options: Readonly<Record<string, number>>): Target => ({
  options: { ...options, [prefix]: 1, [group]: 1 },
  lower: (args) => {
    const number = parseNumber(value(args, group) ?? FIRST_GROUP);
    if (number === null) return unreadable('NFLOG', args);
    return [{ kind: 'log', prefix: value(args, prefix) ?? NO_PREFIX, level: 4, group: number, uid: false }];
  },
});

const REJECT: Target = {
  options: { 'reject-with': 1 },
  lower: (args, { family }) => {
    const kind = value(args, 'reject-with') ?? (family === 'ip' ? 'icmp-port-unreachable' : 'icmp6-port-unreachable');
    if (kind === 'tcp-reset' || kind === 'tcp-rst') return [verdict({ kind: 'reject', with: 'tcp-reset' })];
    const code = REJECT_CODES[kind];
    return [
      verdict(
        code === undefined
          ? unknown(`-j REJECT --reject-with ${kind}`, 'what it sends')
          : { kind: 'reject', with: family === 'ip' ? 'icmp' : 'icmpv6', code },
      ),
    ];
  },
};

const MARK: Target = {
  options: { 'set-mark': 1, 'set-xmark': 1, 'and-mark': 1, 'or-mark': 1, 'xor-mark': 1 },
  lower: (args) => lowerMarks('MARK', args, 'meta mark'),
};

/** `--save-mark` and `--restore-mark` as in xt_connmark.c: new = (kept & ~mask) ^ (taken & mask). */
const CONNMARK: Target = {
  options: {
    'set-mark': 1,
    'set-xmark': 1,
    'and-mark': 1,
    'or-mark': 1,
    'xor-mark': 1,
    'save-mark': 0,
    'restore-mark': 0,
    nfmask: 1,
    ctmask: 1,
    mask: 1,
    'left-shift-mark': 1,
    'right-shift-mark': 1,
  },
  lower: (args) => {
    const saves = has(args, 'save-mark');
    if (!saves && !has(args, 'restore-mark')) return lowerMarks('CONNMARK', args, 'ct mark');
    const nfmask = parseNumber(value(args, 'nfmask', 'mask') ?? '0xffffffff');
    const ctmask = parseNumber(value(args, 'ctmask', 'mask') ?? '0xffffffff');
    if (nfmask === null || ctmask === null) return unreadable('CONNMARK', args);
    const shift = parseShift(args);
    if (shift === null) return unreadable('CONNMARK', args);
    const taken = (mark: 'meta mark' | 'ct mark', mask: number): Operand => ({
      kind: 'field',
      field: mark,
      mask,
      shift,
    });
    return saves
      ? [{ kind: 'set', field: 'ct mark', value: [field('ct mark', ~ctmask >>> 0), taken('meta mark', nfmask)] }]
      : [{ kind: 'set', field: 'meta mark', value: [field('meta mark', ~nfmask >>> 0), taken('ct mark', ctmask)] }];
  },
};

/** By how many bits a mark is shifted when it is saved or restored: to the left, or below 0 to the right. */
function parseShift(args: readonly OptionUse[]): number | null {
  const left = parseNumber(value(args, 'left-shift-mark') ?? '0', 31);
  const right = parseNumber(value(args, 'right-shift-mark') ?? '0', 31);
  return left === null || right === null ? null : left - right;
}

const CT: Target = {
  options: { notrack: 0, helper: 1, ctevents: 1, expevents: 1, 'zone-orig': 1, 'zone-reply': 1, zone: 1, timeout: 1 },
  lower: (args) => {
    if (has(args, 'notrack')) return [{ kind: 'notrack' }];
    return [{ kind: 'set', field: 'ct zone', value: [parseZone(args)] }];
  },
};

/** Whatever it is told, it gives the packet a template, of zone 0 where none is named (xt_CT.c). Zones of one direction only are not followed. */
function parseZone(args: readonly OptionUse[]): Operand {
  const zone = value(args, 'zone') ?? '0';
  const number = parseNumber(zone, 0xffff);
  if (has(args, 'zone-orig') || has(args, 'zone-reply') || (number === null && zone !== 'mark'))
    return unknown(`-j CT${showArguments(args)}`, 'which zone that is');
  return number === null ? field('meta mark', 0xffff) : { kind: 'constant', value: number };
}

const NFQUEUE: Target = {
  options: { 'queue-num': 1, 'queue-balance': 1, 'queue-bypass': 0, 'queue-cpu-fanout': 0 },
  lower: (args) => [
    verdict({
      kind: 'queue',
      bypass: has(args, 'queue-bypass'),
      queue: value(args, 'queue-num', 'queue-balance') ?? '0',
    }),
  ],
};

/** The mark is set only on what a proxy takes; what none takes is dropped, whatever its mark. */
const TPROXY: Target = {
  options: { 'on-port': 1, 'on-ip': 1, 'tproxy-mark': 1 },
  lower: (args) => {
    const what = `-j TPROXY${showArguments(args)}`;
    const port = parseNumber(value(args, 'on-port') ?? '0', 0xffff);
    const masked = parseMasked(value(args, 'tproxy-mark') ?? '0/0');
    const address = parseAddress(value(args, 'on-ip') ?? '0.0.0.0');
    if (port === null || masked === null || address === null) return unreadable('TPROXY', args);
    const mark: Operand = { kind: 'field', field: 'meta mark', mask: ~masked.mask >>> 0, xor: masked.value >>> 0 };
    return [
      { kind: 'set', field: 'meta mark', value: [mark] },
      verdict({
        kind: 'proxy',
        what,
        question: { on: 'proxy', port: port === 0 ? null : port, address: isAny(address) ? null : address },
      }),
    ];
  },
};

const isAny = (address: number | bigint): boolean => address === 0 || address === 0n;

const nat = (name: Nat['nat'], option: string): Target => ({
  options: { [option]: 1, random: 0, 'random-fully': 0, persistent: 0 },
  lower: (args) => {
    const lowered = parseNatTarget(name, value(args, option));
    return lowered ? [lowered] : unreadable(name.toUpperCase(), args);
  },
});

const TARGETS: Readonly<Record<string, Target>> = {
  ACCEPT: final({ kind: 'accept' }),
  DROP: final({ kind: 'drop' }),
  RETURN: final({ kind: 'return' }),
  QUEUE: final({ kind: 'queue', bypass: false, queue: '0' }),
  NFQUEUE,
  TPROXY,
  LOG,
  NFLOG: groupLog('nflog-prefix', 'nflog-group', { 'nflog-range': 1, 'nflog-size': 1, 'nflog-threshold': 1 }),
  ULOG: groupLog('ulog-prefix', 'ulog-nlgroup', { 'ulog-cprange': 1, 'ulog-qthreshold': 1 }),
  REJECT,
  MARK,
  CONNMARK,
  CT,
  NOTRACK: { options: {}, lower: () => [{ kind: 'notrack' }] },
  DSCP,
  TTL,
  HL,
  DNAT: nat('dnat', 'to-destination'),
  SNAT: nat('snat', 'to-source'),
  REDIRECT: nat('redirect', 'to-ports'),
  MASQUERADE: nat('masquerade', 'to-ports'),
  TOS: TOS_TARGET,
  ECN,
  TCPMSS,
  TCPOPTSTRIP,
  CLASSIFY,
  SET,
  CHECKSUM: goesOn({ 'checksum-fill': 0 }),
  TRACE: goesOn(),
  AUDIT: goesOn({ type: 1 }),
  SECMARK: goesOn({ selctx: 1 }),
  CONNSECMARK: goesOn({ save: 0, restore: 0 }),
  IDLETIMER: goesOn({ timeout: 1, label: 1, alarm: 0, send_nl_msg: 1 }),
  RATEEST: goesOn({ 'rateest-name': 1, 'rateest-interval': 1, 'rateest-ewmalog': 1 }),
  TEE: goesOn({ gateway: 1 }),
  LED: goesOn({ 'led-trigger-id': 1, 'led-delay': 1, 'led-always-blink': 0 }),
};

/** What `-j name` (or `-g name`) does; a user's chain comes before an extension of that name. */
export function lowerTarget(
  name: string,
  goto: boolean,
  args: readonly OptionUse[],
  context: RuleContext,
): readonly (Action | Condition)[] {
  if (context.chains.has(name)) return [verdict({ kind: goto ? 'goto' : 'jump', chain: name })];
  return findTarget(name).lower(args, context);
}

/** The target of that name; of one that is not known, all options are taken as unknown. */
export function findTarget(name: string): Target {
  return (Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined) ?? unknownTarget(name);
}

function unreadable(name: string, args: readonly OptionUse[]): Action[] {
  return [verdict(unknown(`-j ${name}${showArguments(args)}`, 'what it does'))];
}

/** `--set-mark` puts value in place of value's and mask's bits, `--set-xmark` in place of mask's bits (libxt_MARK.c). */
function lowerMarks(name: string, args: readonly OptionUse[], mark: 'meta mark' | 'ct mark'): Action[] {
  const [argument] = args;
  const text = argument?.values[0];
  const masked = text === undefined ? null : parseMasked(text);
  if (!argument || !masked) return unreadable(name, args);
  const set = (kept: number, xor: number): Action[] => {
    const operand: Operand = { kind: 'field', field: mark, mask: kept >>> 0, xor: xor >>> 0 };
    return [{ kind: 'set', field: mark, value: kept === 0 ? [{ kind: 'constant', value: xor >>> 0 }] : [operand] }];
  };
  switch (argument.option) {
    case 'set-mark':
      return set(~(masked.value | masked.mask), masked.value);
    case 'set-xmark':
      return set(~masked.mask, masked.value);
    case 'and-mark':
      return set(masked.value, 0);
    case 'or-mark':
      return set(~masked.value, masked.value);
    case 'xor-mark':
      return set(~0, masked.value);
    default:
      return unreadable(name, args);
  }
}

/** Syslog severities by number or name. */
function readLevel(text: string): number {
  const names = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
  const aliases: Readonly<Record<string, number>> = { panic: 0, error: 3, warn: 4 };
  const byName = names.indexOf(text.toLowerCase());
  return parseNumber(text, 7) ?? (byName >= 0 ? byName : (aliases[text.toLowerCase()] ?? 4));
}

const REJECT_CODES: Readonly<Record<string, number>> = {
  'icmp-net-unreachable': 0,
  'net-unreach': 0,
  'icmp-host-unreachable': 1,
  'host-unreach': 1,
  'icmp-proto-unreachable': 2,
  'proto-unreach': 2,
  'icmp-port-unreachable': 3,
  'port-unreach': 3,
  'icmp-net-prohibited': 9,
  'net-prohib': 9,
  'icmp-host-prohibited': 10,
  'host-prohib': 10,
  'icmp-admin-prohibited': 13,
  'admin-prohib': 13,
  'icmp6-no-route': 0,
  'no-route': 0,
  'icmp6-adm-prohibited': 1,
  'adm-prohibited': 1,
  'icmp6-addr-unreachable': 3,
  'addr-unreach': 3,
  'icmp6-port-unreachable': 4,
  'icmp6-policy-fail': 5,
  'policy-fail': 5,
  'icmp6-reject-route': 6,
  'reject-route': 6,
};
