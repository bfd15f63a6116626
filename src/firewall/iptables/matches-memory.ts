// iptables' matches on what the kernel remembers: sets, lists of addresses, how much of a limit is used up.
import type { Note, Question, Side } from '../facts/question.ts';
import type { Condition } from '../model/steps.ts';
import { fixed, type Match, type OptionUse, readSides, showArguments } from './extension.ts';
import { parseNumber } from './values.ts';

const has = (args: readonly OptionUse[], option: string) => args.some((argument) => argument.option === option);
const value = (args: readonly OptionUse[], option: string) =>
  args.find((argument) => argument.option === option)?.values[0];
const isNegated = (args: readonly OptionUse[]) => args.some(({ negated }) => negated);

type Sometimes = Extract<Condition, { kind: 'sometimes' }>;

/** A match by its name, met or not as the server's memory answers; without a question, or an answer, it is not known. */
const asking = (
  name: string,
  args: readonly OptionUse[],
  rest: Pick<Sometimes, 'limit' | 'fresh'> & Pick<Sometimes, 'settledBy'>,
  asks: { readonly question: Question; readonly negated: boolean } | null,
): Condition => ({ kind: 'sometimes', what: `-m ${name}${showArguments(args)}`, ...rest, ...(asks && { asks }) });

const COUNTERS = ['packets-eq', 'packets-lt', 'packets-gt', 'bytes-eq', 'bytes-lt', 'bytes-gt'];

/** `-m set --match-set web dst,dst`; `--set` is its older name. */
export const set: Match = {
  options: {
    'match-set': 2,
    set: 2,
    'return-nomatch': 0,
    'update-counters': 0,
    'update-subcounters': 0,
    ...Object.fromEntries(COUNTERS.map((option) => [option, 1])),
  },
  lower: (args) => {
    const lookup = args.find(({ option }) => option === 'match-set' || option === 'set');
    const [name = '', text = ''] = lookup?.values ?? [];
    const sides = readSides(text);
    const isCounted = args.some(({ option }) => COUNTERS.includes(option));
    const question: Question | null =
      sides === null || isCounted
        ? null
        : { on: 'ipset', set: name, sides, returnNomatch: has(args, 'return-nomatch') };
    const asks = question && { question, negated: lookup?.negated ?? false };
    return [
      asking('set', args, { limit: false, fresh: 'unknown', settledBy: `what "ipset list ${name}" shows` }, asks),
    ];
  },
};

/** `--set` notes the address and always matches; the others look it up, `--update` noting it anew and `--remove` taking it out. */
export const recent: Match = {
  options: {
    set: 0,
    rcheck: 0,
    update: 0,
    remove: 0,
    seconds: 1,
    reap: 0,
    hitcount: 1,
    rttl: 0,
    name: 1,
    mask: 1,
    rsource: 0,
    rdest: 0,
  },
  lower: (args) => {
    const list = value(args, 'name') ?? 'DEFAULT';
    const side: Side = has(args, 'rdest') ? 'dst' : 'src';
    const mask = value(args, 'mask') ?? null;
    const note = (does: 'add' | 'remove'): { kind: 'note'; note: Note } => ({
      kind: 'note',
      note: { store: 'recent', list, side, mask, does },
    });
    const negated = isNegated(args);
    if (has(args, 'set')) return [note('add'), ...fixed(!negated)];
    const [seconds, hits] = [readCount(value(args, 'seconds')), readCount(value(args, 'hitcount'))];
    const changes = has(args, 'update') || has(args, 'remove');
    const question: Question = { on: 'recent', list, side, mask, seconds, hits, ttl: has(args, 'rttl') };
    const settledBy = `what /proc/net/xt_recent/${list} shows`;
    // A negated one that changes the list does so by what it finds, not by what it says.
    const asks = negated && changes ? null : { question, negated };
    const looking = asking('recent', args, { limit: false, fresh: negated ? 'yes' : 'no', settledBy }, asks);
    return changes && !negated ? [looking, note(has(args, 'remove') ? 'remove' : 'add')] : [looking];
  },
};

const PERIODS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Without --hashlimit-mode, all packets share one bucket. */
const ONE_FOR_ALL = '';

export const hashlimit: Match = {
  options: {
    'hashlimit-upto': 1,
    'hashlimit-above': 1,
    hashlimit: 1,
    'hashlimit-burst': 1,
    'hashlimit-mode': 1,
    'hashlimit-srcmask': 1,
    'hashlimit-dstmask': 1,
    'hashlimit-name': 1,
    'hashlimit-htable-size': 1,
    'hashlimit-htable-max': 1,
    'hashlimit-htable-expire': 1,
    'hashlimit-htable-gcinterval': 1,
    'hashlimit-rate-match': 0,
    'hashlimit-rate-interval': 1,
  },
  lower: (args, { family }) => {
    const above = has(args, 'hashlimit-above') !== isNegated(args);
    const rate = value(args, 'hashlimit-upto') ?? value(args, 'hashlimit-above') ?? value(args, 'hashlimit');
    const [, number, period] = /^(\d+)\/([smhd])/.exec(`${rate}`) ?? [];
    const modes = (value(args, 'hashlimit-mode') ?? ONE_FOR_ALL).split(',');
    const name = value(args, 'hashlimit-name');
    const question: Question | null =
      number === undefined || period === undefined || name === undefined || has(args, 'hashlimit-rate-match')
        ? null
        : {
            on: 'hashlimit',
            name,
            family,
            keyed: (['srcip', 'srcport', 'dstip', 'dstport'] as const).filter((mode) => modes.includes(mode)),
            prefix: {
              src: readCount(value(args, 'hashlimit-srcmask')),
              dst: readCount(value(args, 'hashlimit-dstmask')),
            },
            keeps: (PERIODS[period] ?? 1) / Math.max(1, Number(number)),
          };
    return [
      asking(
        'hashlimit',
        args,
        { limit: true, fresh: rate === undefined ? 'unknown' : above ? 'no' : 'yes' },
        question && { question, negated: above },
      ),
    ];
  },
};

export const connlimit: Match = {
  options: {
    'connlimit-upto': 1,
    'connlimit-above': 1,
    'connlimit-mask': 1,
    'connlimit-saddr': 0,
    'connlimit-daddr': 0,
  },
  lower: (args) => {
    const above = has(args, 'connlimit-above') !== isNegated(args);
    const most = readCount(value(args, 'connlimit-above') ?? value(args, 'connlimit-upto'));
    const settledBy = 'how many connections there are, as "conntrack -L" shows them';
    const asks = most === null ? null : { question: { on: 'connlimit', above: most } as const, negated: !above };
    return [asking('connlimit', args, { limit: false, fresh: above ? 'no' : 'yes', settledBy }, asks)];
  },
};

/** Nothing is smaller than an IPv4 header and UDP's. */
const SMALLEST = 28;

/** The kernel tells how large the quota was, never what is left of it (xt_quota.c). */
export const quota: Match = {
  options: { quota: 1 },
  lower: (args) => {
    const negated = isNegated(args);
    const most = readCount(value(args, 'quota'));
    if (most !== null && most < SMALLEST) return fixed(negated);
    const settledBy = 'how much of the quota is left, which no tool shows: try it';
    return [asking('quota', args, { limit: false, fresh: negated ? 'no' : 'yes', settledBy }, null)];
  },
};

/** `-m socket --transparent`; what it restores of a socket's mark is not known. */
export const socket: Match = {
  options: { transparent: 0, nowildcard: 0, 'restore-skmark': 0 },
  lower: (args) => {
    const question: Question = {
      on: 'socket',
      transparent: has(args, 'transparent'),
      wildcards: has(args, 'nowildcard'),
    };
    const asks = has(args, 'restore-skmark') ? null : { question, negated: false };
    const settledBy = 'which sockets are open ("ss -ltun --inet-sockopt")';
    return [asking('socket', args, { limit: false, fresh: 'unknown', settledBy }, asks)];
  },
};

function readCount(text: string | undefined): number | null {
  return text === undefined ? null : parseNumber(text, 0xffffffff);
}
