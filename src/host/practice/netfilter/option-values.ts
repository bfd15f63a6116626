// The values of iptables' options, checked and printed as the real one does.
import { parseMasked, parseNumber, parsePort } from '../../../firewall/iptables/values.ts';
import { wrongUsage } from './iptables-error.ts';

/** Conntrack states as -m state knows them. */
export const STATES = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED'];
/** And as -m conntrack does. */
export const CT_STATES = [...STATES, 'SNAT', 'DNAT'];
const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'];
const UNITS = ['second', 'minute', 'hour', 'day'] as const;

/** iptables prints a word in quotes only where it has to. */
export function quoteIfNeeded(word: string): string {
  return /^[\w.:,/@%+=-]+$/.test(word) ? word : quoteAlways(word);
}

/** The word in double quotes. */
export function quoteAlways(word: string): string {
  return `"${word.replaceAll(/["'\\]/g, '\\$&')}"`;
}

/** A port or a range of ports, as numbers. */
export function readPorts(word: string): string {
  const read = (text: string, missing: number) => {
    const found = text === '' ? missing : parsePort(text);
    if (found === null) throw wrongUsage(`invalid port/service \`${text}' specified`);
    return found;
  };
  const [from = '', to] = word.split(':');
  if (to === undefined) return `${read(from, -1)}`;
  const [first, last] = [read(from, 0), read(to, 0xffff)];
  if (first > last) throw wrongUsage(`invalid portrange (min > max)`);
  return `${first}:${last}`;
}

/** TCP flags in the order of their bits. */
export function readFlags(word: string): string {
  if (word === 'ALL') return FLAG_NAMES.join(',');
  if (word === 'NONE') return word;
  const names = word.split(',');
  const unknown = names.find((name) => !FLAG_NAMES.includes(name));
  if (unknown !== undefined) throw wrongUsage(`Unknown TCP flag \`${unknown}'`);
  return FLAG_NAMES.filter((name) => names.includes(name)).join(',');
}

/** States are printed in the order of the tool, whatever order they were given in. */
export function readStates(word: string, known: readonly string[], option: string): string {
  const names = word.toUpperCase().split(',');
  if (names.some((name) => !known.includes(name))) throw wrongUsage(`Bad ${option} "${word}"`);
  return known.filter((name) => names.includes(name)).join(',');
}

/** `5/minute` is `5/min`. */
export function readRate(word: string): string {
  const [, count = '', unitText = 'second'] = /^(\d+)(?:\/(\w+))?$/.exec(word) ?? [];
  const unit = UNITS.find((name) => name.startsWith(unitText.toLowerCase()));
  if (count === '' || unit === undefined) throw wrongUsage(`bad rate "${word}"'`);
  return `${count}/${unit === 'second' ? 'sec' : unit === 'minute' ? 'min' : unit}`;
}

/** A syslog level by name or number; null for the default, warning. */
export function readLevel(word: string): string | null {
  const aliases: Readonly<Record<string, string>> = { panic: 'emerg', err: 'error', warn: 'warning' };
  const number = parseNumber(word, 7) ?? LEVELS.indexOf(aliases[word] ?? word);
  if (number < 0) throw wrongUsage(`log level "${word}" unknown\n`);
  return number === 4 ? null : `${number}`;
}

/** A number that is not above `most`. */
export function readNumberOption(word: string, extension: string, option: string, most: number): number {
  const number = parseNumber(word, most);
  if (number === null) throw wrongUsage(`${extension}: Bad value for "--${option}" option: "${word}"`);
  return number;
}

/** A user's name or number, or a range of numbers. */
export function readUserRange(word: string, user: (name: string) => number | null, option: string): string {
  const numbers = word.split('-').map((part) => parseNumber(part));
  const known = user(word) ?? (numbers.length <= 2 && !numbers.includes(null) ? numbers.join('-') : null);
  if (known === null) throw wrongUsage(`owner: Bad value for "--${option}" option: "${word}"`);
  return `${known}`;
}

/** A mark with its mask, in hexadecimal. */
export function readMark(word: string, extension: string): string {
  const read = parseMasked(word);
  if (read === null) throw wrongUsage(`${extension}: Bad value for "--mark" option: "${word}"`);
  return `0x${read.value.toString(16)}${read.mask === 0xffffffff ? '' : `/0x${read.mask.toString(16)}`}`;
}

/** What --set-mark becomes. */
export function readSetMark(word: string): string {
  const read = parseMasked(word);
  if (read === null) throw wrongUsage(`MARK: Bad value for "--set-mark" option: "${word}"`);
  return `0x${read.value.toString(16)}/0x${read.mask.toString(16)}`;
}
