// One rule of iptables-save as steps: its own options, then each extension's, then the target.
import { at } from '../../at.ts';
import { type Action, type Condition, type Pattern, type Step, unknown } from '../model/steps.ts';
import { compare, type Extension, field, fixed, type OptionUse, type RuleContext } from './extension.ts';
import { findMatch, implicitMatch, unknownOption } from './matches.ts';
import { splitWords } from './read/split-words.ts';
import { findTarget, lowerTarget } from './targets.ts';
import { parseAddressPattern, parseProtocol } from './values.ts';

/** An extension in use, with the options that it was given. */
type Loaded = { readonly extension: Extension<Condition | Action>; readonly args: OptionUse[] };

type Reading = {
  readonly words: readonly string[];
  readonly context: RuleContext;
  readonly conditions: Condition[];
  readonly matches: Loaded[];
  protocol: number | null;
  target: (Loaded & { readonly name: string; readonly goto: boolean }) | null;
};

/** Stands for a word past the end: lowerRule then leaves all that was read of the rule. */
const CUT_OFF = '';
/** An option that its extension doesn't list takes no values. */
const NO_VALUES = 0;

/** More options than any tool writes into a rule: it is not worth following what each of them would mean. */
const MOST_CONDITIONS = 200;

/**
 * The steps of a rule; what can't be read becomes an unknown step that names it.
 * Sample: `-A OUTPUT ! -s 10.0.0.0/8 -o lo -p tcp -m tcp --dport 25 -m state --state NEW -j REJECT --reject-with tcp-reset`
 */
export function lowerIptablesRule(text: string, context: RuleContext): readonly Step[] {
  const words = splitWords(text);
  if (!words) return [cutOff(text, 'a closing quote')];
  const reading: Reading = { words, context, conditions: [], matches: [], protocol: null, target: null };
  let end = 2;
  while (end < words.length) end = readOption(reading, end);
  if (end > words.length) return [cutOff(text, 'the rest of the rule')];
  const { conditions, matches, target } = reading;
  const all = [...conditions, ...matches.flatMap(({ extension, args }) => extension.lower(args, context))];
  return [
    ...(all.length > MOST_CONDITIONS ? [unknown(`${text.slice(0, 200)}…`, 'a rule of common length')] : all),
    ...(target ? lowerTarget(target.name, target.goto, target.args, context) : []),
  ];
}

/** What is missing may be its verdict as well as a condition. */
const cutOff = (text: string, settledBy: string): Action => ({ kind: 'verdict', verdict: unknown(text, settledBy) });

/** Reads the option at `start` with its values and returns where the next one stands. */
function readOption(reading: Reading, start: number): number {
  const { words, context } = reading;
  let option = at(words, start);
  let next = start + 1;
  let negated = option === '!';
  const take = () => words[next++] ?? CUT_OFF;
  if (negated) option = take();
  const value = () => {
    if (words[next] === '!') {
      negated = true;
      next++;
    }
    return take();
  };
  switch (option) {
    case '-m':
    case '--match':
      reading.matches.push({ extension: findMatch(value()), args: [] });
      return next;
    case '-j':
    case '--jump':
    case '-g':
    case '--goto': {
      const name = value();
      reading.target = { extension: findTarget(name), name, goto: option === '-g' || option === '--goto', args: [] };
      return next;
    }
    case '-p':
    case '--protocol':
    case '--proto':
      reading.conditions.push(...readProtocol(reading, value(), negated));
      return next;
    case '-s':
    case '--source':
    case '--src':
      reading.conditions.push(readAddress('saddr', value(), negated, context));
      return next;
    case '-d':
    case '--destination':
    case '--dst':
      reading.conditions.push(readAddress('daddr', value(), negated, context));
      return next;
    case '-i':
    case '--in-interface':
      reading.conditions.push(compare(field('meta iifname'), [interfacePattern(value())], negated));
      return next;
    case '-o':
    case '--out-interface':
      reading.conditions.push(compare(field('meta oifname'), [interfacePattern(value())], negated));
      return next;
    case '-f':
    case '--fragment':
      reading.conditions.push(compare(field('ip frag-off', 0x1fff), [0], !negated));
      return next;
    case '-4':
    case '--ipv4':
    case '-6':
    case '--ipv6':
      reading.conditions.push(...fixed(option.includes('4') === (context.family === 'ip')));
      return next;
    case '-c':
    case '--set-counters':
      return next + 2;
    default:
      return readExtensionOption(reading, option, negated, next);
  }
}

/** An option of the extension that was loaded last and knows it; of `-p`'s own match where none was loaded. */
function readExtensionOption(reading: Reading, option: string, negated: boolean, next: number): number {
  const { words, matches, target, protocol } = reading;
  const name = option.startsWith('--') ? option.slice(2) : option;
  const loaded = target ? [...matches, target] : matches;
  const owner =
    loaded.findLast(({ extension }) => fullName(extension, name) !== null) ?? loadImplicit(reading, name, protocol);
  if (owner) {
    const full = fullName(owner.extension, name) ?? name;
    const arity = owner.extension.options[full] ?? NO_VALUES;
    // Before a value it negates in the old way; where there is none, it stands before the next option.
    const late = arity > 0 && words[next] === '!';
    const from = late ? next + 1 : next;
    const to = from + arity;
    owner.args.push({ option: full, negated: negated || late, values: words.slice(from, to) });
    return to;
  }
  let to = next;
  while (to < words.length && words[to] !== '!' && !words[to]?.startsWith('-')) to++;
  const argument = { option: name, negated, values: words.slice(next, to) };
  const last = loaded.at(-1);
  if (last && Object.keys(last.extension.options).length === 0) last.args.push(argument);
  else reading.conditions.push(unknownOption(argument));
  return to;
}

/** The option's full name: iptables takes any unambiguous beginning of it. */
function fullName({ options }: Extension<Condition | Action>, name: string): string | null {
  if (Object.hasOwn(options, name)) return name;
  const longer = Object.keys(options).filter((option) => option.startsWith(name));
  return longer.length === 1 ? (longer[0] ?? null) : null;
}

function loadImplicit(reading: Reading, option: string, protocol: number | null): Loaded | null {
  const name = protocol === null ? null : implicitMatch(protocol);
  if (name === null) return null;
  const loaded = { extension: findMatch(name), args: [] };
  if (fullName(loaded.extension, option) === null) return null;
  reading.matches.push(loaded);
  return loaded;
}

function readProtocol(reading: Reading, text: string, negated: boolean): readonly Condition[] {
  const protocol = parseProtocol(text);
  if (protocol === null) return [unknown(`-p ${text}`, 'the number of this protocol')];
  if (protocol === 0) return fixed(!negated);
  if (!negated) reading.protocol = protocol;
  return [compare(field('meta l4proto'), [protocol], negated)];
}

/** The one name that means the same everywhere. */
const LOCALHOST = /^(?:localhost|ip6-localhost)(?=\/|$)/;

function readAddress(side: 'saddr' | 'daddr', text: string, negated: boolean, { family }: RuleContext): Condition {
  const patterns = text
    .split(',')
    .map((part) => parseAddressPattern(part.replace(LOCALHOST, family === 'ip' ? '127.0.0.1' : '::1')));
  const [first] = patterns;
  const values = patterns.flatMap((wanted) => (wanted && wanted.mask === null ? [wanted.pattern] : []));
  if (values.length === patterns.length) return compare(field(`${family} ${side}`), values, negated);
  if (first?.mask != null && patterns.length === 1)
    return compare(field(`${family} ${side}`, first.mask), [first.pattern], negated);
  return unknown(`${side === 'saddr' ? '-s' : '-d'} ${text}`, `the addresses of ${text}`);
}

/** `eth+` stands for all names that begin with `eth`. */
function interfacePattern(name: string): Pattern {
  return name.endsWith('+') ? { prefix: name.slice(0, -1) } : name;
}
