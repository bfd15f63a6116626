// Who wrote a line: the host and the program in its head.

import { byteAt, skipDigits, skipSpace, skipWord, startsAt } from '../packet/bytes.ts';
import type { HeadScan } from './head.ts';
import { scanUptime } from './read-uptime.ts';

const SPACE = 32;
const OPEN = 91;
const CLOSE = 93;
const COLON = 58;

/** The place behind the first `kernel:` or `kernel[0]:` of the head, and those that directly follow it, or -1. */
export function findKernelTag(bytes: Uint8Array, at: number, end: number): number {
  let found = -1;
  for (let word = skipSpace(bytes, at, end); word < end; ) {
    const wordEnd = skipWord(bytes, word, end);
    const tagEnd = readKernelTag(bytes, word, wordEnd);
    if (tagEnd < 0 && found >= 0) return found;
    if (tagEnd >= 0) found = tagEnd;
    word = skipSpace(bytes, tagEnd < 0 ? wordEnd : tagEnd, end);
  }
  return found;
}

function readKernelTag(bytes: Uint8Array, from: number, to: number): number {
  if (!startsAt(bytes, from, to, 'kernel')) return -1;
  const bracket = byteAt(bytes, from + 6) === OPEN;
  const colon = bracket ? skipDigits(bytes, from + 7, to) + 1 : from + 6;
  return colon < to && byteAt(bytes, colon) === COLON ? colon + 1 : -1;
}

/** The first word before `kernel:` that is no `kern.warn`. */
export function readHost(bytes: Uint8Array, at: number, end: number, head: HeadScan): void {
  let from = skipSpace(bytes, at, end);
  if (byteAt(bytes, from) === OPEN) from = skipSpace(bytes, scanUptime(bytes, from, end, head), end);
  let to = skipWord(bytes, from, end);
  if (isFacility(bytes, from, to)) {
    from = skipSpace(bytes, to, end);
    to = skipWord(bytes, from, end);
  }
  if (to >= end || startsAt(bytes, from, to, 'kernel') || byteAt(bytes, skipSpace(bytes, to, end)) === COLON) return;
  head.hostFrom = from;
  head.hostTo = to;
}

/** The last word before `kernel:`, where what stands before it is no time that is known. */
export function readLastHost(bytes: Uint8Array, at: number, end: number, head: HeadScan): void {
  let word = skipSpace(bytes, at, end);
  if (byteAt(bytes, word) === OPEN) word = skipSpace(bytes, scanUptime(bytes, word, end, head), end);
  for (let wordEnd = skipWord(bytes, word, end); word < end; wordEnd = skipWord(bytes, word, end)) {
    if (readKernelTag(bytes, word, wordEnd) >= 0) return;
    if (!isFacility(bytes, word, wordEnd)) {
      head.hostFrom = word;
      head.hostTo = wordEnd;
    }
    word = skipSpace(bytes, wordEnd, end);
  }
}

/** `kern.warn`, `user.notice`, `Kernel.Warning`: OpenWrt's logread and Kiwi name facility and severity. */
function isFacility(bytes: Uint8Array, from: number, to: number): boolean {
  let dot = from;
  while (dot < to && byteAt(bytes, dot) !== 46) dot++;
  if (dot === from || dot === to) return false;
  return isSeverity(bytes, dot + 1, to);
}

const isSeverity = (bytes: Uint8Array, from: number, to: number): boolean =>
  SEVERITIES.some(
    (severity) =>
      to - from === severity.length &&
      startsAt(bytes, from + 1, to, severity.slice(1)) &&
      (byteAt(bytes, from) | 32) === severity.charCodeAt(0),
  );

const SEVERITIES = [
  ...['emerg', 'alert', 'crit', 'err', 'error', 'warn', 'warning', 'notice', 'info', 'debug'],
  ...['emergency', 'critical'],
];

/** ` web1 kernel - - [meta x="y"] `: host, program, process, message id, structured data. */
export function readRfc5424(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
  let from = skipSpace(bytes, at, end);
  for (let word = 0; word < 4 && from < end; word++) {
    const to = skipWord(bytes, from, end);
    if (word === 0 && !(to - from === 1 && byteAt(bytes, from) === 45)) {
      head.hostFrom = from;
      head.hostTo = to;
    }
    from = skipSpace(bytes, to, end);
  }
  if (byteAt(bytes, from) === 45) from++;
  else
    while (byteAt(bytes, from) === OPEN && hasParameter(bytes, from, end)) from = skipStructuredData(bytes, from, end);
  from = skipSpace(bytes, from, end);
  return startsAt(bytes, from, end, '\xef\xbb\xbf') ? from + 3 : from;
}

/** Structured data is `[id name="value"]`; a message that begins with a bracket does not go on like that. */
function hasParameter(bytes: Uint8Array, at: number, end: number): boolean {
  const from = skipSpace(bytes, skipWord(bytes, at, end), end);
  let equals = from;
  while (equals < end && byteAt(bytes, equals) > SPACE && byteAt(bytes, equals) !== 61) equals++;
  return equals > from && byteAt(bytes, equals) === 61 && byteAt(bytes, equals + 1) === 34;
}

function skipStructuredData(bytes: Uint8Array, at: number, end: number): number {
  let quoted = false;
  for (let i = at; i < end; i++) {
    const byte = byteAt(bytes, i);
    if (byte === 92) i++;
    else if (byte === 34) quoted = !quoted;
    else if (byte === CLOSE && !quoted) return i + 1;
  }
  return end;
}

/** ` web1 `, ` web1 ulogd[123]: `, and UniFi's ` udm udm `, after a time and without `kernel:`. */
export function readHostAndProgram(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
  const from = skipSpace(bytes, at, end);
  const to = skipWord(bytes, from, end);
  if (to === from || to >= end || byteAt(bytes, from) === OPEN || byteAt(bytes, to - 1) === COLON) {
    return skipProgram(bytes, from, end);
  }
  if (isFacility(bytes, from, to)) return skipProgram(bytes, skipSpace(bytes, to, end), end);
  for (let i = from; i < to; i++) if (byteAt(bytes, i) === 61) return from;
  head.hostFrom = from;
  head.hostTo = to;
  const next = skipSpace(bytes, to, end);
  const nextEnd = skipWord(bytes, next, end);
  const again = nextEnd - next === to - from && bytes.subarray(from, to).every((byte, i) => byte === bytes[next + i]);
  return skipProgram(bytes, again ? skipSpace(bytes, nextEnd, end) : next, end);
}

const METALOG = '[kernel] ';
const PROGRAMS = ['kernel', 'klogd', 'ulogd', 'ulogd2', 'syslog', 'logger', 'vmunix'] as const;

/** `ulogd[123]: `, `kernel `, `[kernel] `: the name of a known program, or of any that tells its process number. */
export function skipProgram(bytes: Uint8Array, at: number, end: number): number {
  const from = skipSpace(bytes, at, end);
  if (startsAt(bytes, from, end, METALOG)) return from + METALOG.length;
  const to = skipWord(bytes, from, end);
  let nameEnd = from;
  while (nameEnd < to && byteAt(bytes, nameEnd) !== OPEN && byteAt(bytes, nameEnd) !== COLON) nameEnd++;
  const known = PROGRAMS.some((name) => name.length === nameEnd - from && startsAt(bytes, from, end, name));
  if (nameEnd === to) return known ? to : from;
  if (byteAt(bytes, nameEnd) === COLON) return known ? nameEnd + 1 : from;
  const close = skipDigits(bytes, nameEnd + 1, to);
  const numbered = nameEnd > from && startsAt(bytes, close, to, ']:');
  return numbered ? close + 2 : from;
}

/** `kern  :warn  : `: dmesg --decode. */
export function skipDmesgLevel(bytes: Uint8Array, at: number, end: number): number {
  const facility = skipSpace(bytes, skipLower(bytes, at, end), end);
  if (facility === at || byteAt(bytes, facility) !== COLON) return at;
  const nameEnd = skipLower(bytes, facility + 1, end);
  const level = skipSpace(bytes, nameEnd, end);
  return byteAt(bytes, level) === COLON && isSeverity(bytes, facility + 1, nameEnd) ? level + 1 : at;
}

function skipLower(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && byteAt(bytes, i) >= 97 && byteAt(bytes, i) <= 122) i++;
  return i;
}
