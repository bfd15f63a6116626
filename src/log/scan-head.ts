// Reads what stands before a log message: priorities, times, host, program, the kernel's clock, "message repeated".

import { byteAt, isDigit, skipDigits, skipSpace, skipWord, startsAt } from './bytes.ts';
import { type Clock, findMonth, isWeekday, readIsoDate, readMonthDate, readSlashDate, type Stamp } from './clock.ts';

/** What the head of a line says. -1 and null stand for what it does not say. */
export type HeadScan = {
  /** Milliseconds since 1970. */
  time: number | null;
  hostFrom: number;
  hostTo: number;
  /** Seconds since boot. */
  uptime: number | null;
  repeated: number;
  /** Where the message begins: for a netfilter line, the prefix of its rule. */
  end: number;
};

/** An empty head. */
export const createHeadScan = (): HeadScan => ({
  time: null,
  hostFrom: -1,
  hostTo: -1,
  uptime: null,
  repeated: 1,
  end: 0,
});

const SPACE = 32;
const OPEN = 91;
const CLOSE = 93;
const COLON = 58;
const REPEATED = 'message repeated ';

/**
 * Reads the head in bytes[start, end) into `head`; any of these, and none at all:
 * `Jun 20 18:11:21 web1 kernel: [  123.456] `, `<4>1 2026-06-20T18:11:21.1+02:00 web1 kernel - - - `,
 * `Sat 2026-06-20 18:11:21 CEST web1 kernel: `, `2026-06-20T18:11:21,123456+02:00 `, `[Sat Jun 20 18:11:21 2026] `,
 * `kern  :warn  : [  123.456] `, `6,1234,123456789,-;`, `0 3 PVEFW-HOST-IN 20/Jun/2026:18:11:21 +0200 `.
 */
export function scanHead(bytes: Uint8Array, start: number, end: number, clock: Clock, head: HeadScan): void {
  head.time = null;
  head.hostFrom = -1;
  head.hostTo = -1;
  head.uptime = null;
  head.repeated = 1;
  let at = skipPriority(bytes, skipQuotes(bytes, start, end), end);
  at = readKmsg(bytes, at, end, head);
  const rfc5424 = isDigit(byteAt(bytes, at)) && byteAt(bytes, at + 1) === SPACE && isDigit(byteAt(bytes, at + 2));
  let stampAt = rfc5424 ? at + 2 : at;
  let stamp = readStamp(bytes, stampAt, end, clock);
  if (stamp === null) {
    stampAt = skipFileName(bytes, at, end, clock);
    stamp = stampAt > at ? readStamp(bytes, stampAt, end, clock) : null;
  }
  if (stamp !== null) {
    head.time = stamp.time;
    at = stamp.end;
  }
  const afterProgram = findKernelTag(bytes, at, end);
  if (afterProgram >= 0) {
    readHost(bytes, at, afterProgram, head);
    at = afterProgram;
  } else if (stamp !== null) {
    // dmesg names no host: `[Sat Jun 20 18:11:21 2026] `, `2026-06-20T18:11:21,123456+02:00 `
    const listing = byteAt(bytes, stampAt) === OPEN || byteAt(bytes, stampAt + 19) === 44;
    if (rfc5424) at = readRfc5424(bytes, at, end, head);
    else if (!listing) at = readHostAndProgram(bytes, at, end, head);
  } else {
    at = skipProgram(bytes, skipProxmox(bytes, at, end, head), end);
  }
  head.end = readInnerHead(bytes, at, end, clock, head);
  if (head.time === null && head.uptime !== null && clock.bootTime !== null) {
    head.time = clock.bootTime + Math.floor(head.uptime * 1000);
  }
}

/** `/var/log/messages:Jun 20`, `messages-12-Jun 20`: what grep puts before a line. Returns where a time begins, or `at`. */
function skipFileName(bytes: Uint8Array, at: number, end: number, clock: Clock): number {
  for (let i = at; i < end && byteAt(bytes, i) > SPACE; i++) {
    const separator = byteAt(bytes, i) === COLON || byteAt(bytes, i) === 45;
    const month = separator && isUpper(byteAt(bytes, i + 1)) && readMonthDate(bytes, i + 1, end, clock);
    if (month || (separator && isDigit(byteAt(bytes, i + 1)) && readIsoDate(bytes, i + 1, end))) return i + 1;
  }
  return at;
}

/** What stands before a line that was copied from elsewhere: `"`, `'`, `` ` ``, `> `. */
function skipQuotes(bytes: Uint8Array, at: number, end: number): number {
  let from = skipSpace(bytes, at, end);
  for (let byte = byteAt(bytes, from); byte === 34 || byte === 39 || byte === 96 || byte === 62; ) {
    from = skipSpace(bytes, from + 1, end);
    byte = from < end ? byteAt(bytes, from) : 0;
  }
  return from;
}

/** `<4>` */
function skipPriority(bytes: Uint8Array, at: number, end: number): number {
  if (byteAt(bytes, at) !== 60) return at;
  const close = skipDigits(bytes, at + 1, end);
  return close > at + 1 && close - at < 6 && byteAt(bytes, close) === 62 ? skipSpace(bytes, close + 1, end) : at;
}

/** `6,1234,123456789,-;text`: a record of /dev/kmsg; priority, sequence number, microseconds since boot, flags. */
function readKmsg(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
  const first = skipDigits(bytes, at, end);
  if (first === at || byteAt(bytes, first) !== 44) return at;
  const second = skipDigits(bytes, first + 1, end);
  const third = skipDigits(bytes, second + 1, end);
  if (byteAt(bytes, second) !== 44 || byteAt(bytes, third) !== 44 || third === second + 1) return at;
  let semicolon = third;
  while (semicolon < end && semicolon < third + 64 && byteAt(bytes, semicolon) !== 59) semicolon++;
  if (byteAt(bytes, semicolon) !== 59) return at;
  head.uptime = readNumber(bytes, second + 1, third) / 1e6;
  return semicolon + 1;
}

/** A time of day at the very place, with or without brackets around it. */
export function readStamp(bytes: Uint8Array, at: number, end: number, clock: Clock): Stamp | null {
  if (byteAt(bytes, at) === OPEN) {
    const inner = isDigit(byteAt(bytes, at + 1)) || isUpper(byteAt(bytes, at + 1)) ? at + 1 : -1;
    const stamp = inner < 0 ? null : readStamp(bytes, inner, end, clock);
    return stamp !== null && byteAt(bytes, stamp.end) === CLOSE ? { ...stamp, end: stamp.end + 1 } : null;
  }
  if (isDigit(byteAt(bytes, at))) return readIsoDate(bytes, at, end) ?? readUnixTime(bytes, at, end);
  if (!isWeekday(bytes, at, end)) return readMonthDate(bytes, at, end, clock);
  const stamp = readMonthDate(bytes, at + 4, end, clock) ?? readIsoDate(bytes, at + 4, end);
  return stamp === null ? null : skipZoneName(bytes, stamp, end);
}

const isUpper = (byte: number): boolean => byte >= 65 && byte <= 90;

/** `Sat 2026-06-20 18:11:21 CEST web1 …`: the journal's short-full names the zone; it is the machine's own, or UTC. */
function skipZoneName(bytes: Uint8Array, stamp: Stamp, end: number): Stamp {
  const from = stamp.end + 1;
  const to = skipWord(bytes, from, end);
  if (byteAt(bytes, stamp.end) !== SPACE || to - from < 2 || to - from > 5) return stamp;
  for (let i = from; i < to; i++) if (!isUpper(byteAt(bytes, i))) return stamp;
  const utc = startsAt(bytes, from, to, 'UTC') || startsAt(bytes, from, to, 'GMT');
  const offset = utc ? new Date(stamp.time).getTimezoneOffset() * 60_000 : 0;
  return { ...stamp, time: stamp.time - offset, end: to };
}

/** `1781972881.123456`: the journal's short-unix. */
function readUnixTime(bytes: Uint8Array, at: number, end: number): Stamp | null {
  const dot = skipDigits(bytes, at, end);
  if (dot - at !== 10 || byteAt(bytes, dot) !== 46) return null;
  const to = skipDigits(bytes, dot + 1, end);
  if (byteAt(bytes, to) !== SPACE) return null;
  return { time: Math.floor(readNumber(bytes, at, to) * 1000), end: to, exactYear: true };
}

/** The place behind the first `kernel:` or `kernel[0]:` of the head, and those that directly follow it, or -1. */
function findKernelTag(bytes: Uint8Array, at: number, end: number): number {
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
function readHost(bytes: Uint8Array, at: number, end: number, head: HeadScan): void {
  let from = skipSpace(bytes, at, end);
  if (byteAt(bytes, from) === OPEN) from = skipSpace(bytes, readUptime(bytes, from, end, head), end);
  let to = skipWord(bytes, from, end);
  if (isFacility(bytes, from, to)) {
    from = skipSpace(bytes, to, end);
    to = skipWord(bytes, from, end);
  }
  if (to >= end || startsAt(bytes, from, to, 'kernel') || byteAt(bytes, skipSpace(bytes, to, end)) === COLON) return;
  head.hostFrom = from;
  head.hostTo = to;
}

/** `kern.warn`, `user.notice`: OpenWrt's logread names facility and severity. */
function isFacility(bytes: Uint8Array, from: number, to: number): boolean {
  let dot = from;
  while (dot < to && byteAt(bytes, dot) !== 46) dot++;
  if (dot === from || dot === to) return false;
  return isSeverity(bytes, dot + 1, to);
}

const isSeverity = (bytes: Uint8Array, from: number, to: number): boolean =>
  SEVERITIES.some((severity) => to - from === severity.length && startsAt(bytes, from, to, severity));

const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'error', 'warn', 'warning', 'notice', 'info', 'debug'] as const;

/** ` web1 kernel - - [meta x="y"] `: host, program, process, message id, structured data. */
function readRfc5424(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
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
function readHostAndProgram(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
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

const PROGRAMS = ['kernel', 'klogd', 'ulogd', 'ulogd2', 'syslog', 'logger', 'vmunix'] as const;

/** `ulogd[123]: `, `kernel `: the name of a known program, or of any that tells its process number. */
function skipProgram(bytes: Uint8Array, at: number, end: number): number {
  const from = skipSpace(bytes, at, end);
  const to = skipWord(bytes, from, end);
  let nameEnd = from;
  while (nameEnd < to && byteAt(bytes, nameEnd) !== OPEN && byteAt(bytes, nameEnd) !== COLON) nameEnd++;
  const known = PROGRAMS.some((name) => name.length === nameEnd - from && startsAt(bytes, from, end, name));
  if (nameEnd === to) return known ? to : from;
  if (byteAt(bytes, nameEnd) === COLON) return known ? nameEnd + 1 : from;
  const close = skipDigits(bytes, nameEnd + 1, to);
  const numbered = nameEnd > from && close > nameEnd + 1 && startsAt(bytes, close, to, ']:');
  return numbered ? close + 2 : from;
}

/** `0 3 PVEFW-HOST-IN 20/Jun/2022:13:09:14 +0200 `: guest, level, chain, time. */
function skipProxmox(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
  if (!isDigit(byteAt(bytes, at))) return skipDmesgLevel(bytes, at, end);
  let word = skipSpace(bytes, skipDigits(bytes, at, end), end);
  word = skipSpace(bytes, skipDigits(bytes, word, end), end);
  word = skipSpace(bytes, skipWord(bytes, word, end), end);
  const stamp = readSlashDate(bytes, word, end);
  if (stamp === null) return at;
  head.time = stamp.time;
  return stamp.end;
}

/** `kern  :warn  : `: dmesg --decode. */
function skipDmesgLevel(bytes: Uint8Array, at: number, end: number): number {
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

/** What may stand in front of the message itself, in any order: `[  123.456] `, `message repeated 2 times: [ `, `<4>`. */
function readInnerHead(bytes: Uint8Array, at: number, end: number, clock: Clock, head: HeadScan): number {
  let from = skipSpace(bytes, at, end);
  for (;;) {
    // Once the kernel's clock was read, what looks like another is the rule's prefix.
    if (head.uptime !== null && head.repeated > 1) return from;
    let next = head.uptime === null ? skipPriority(bytes, from, end) : from;
    if (next === from && head.uptime === null && byteAt(bytes, from) === OPEN)
      next = readUptime(bytes, from, end, head);
    if (next === from && head.time === null) next = readLateStamp(bytes, from, end, clock, head);
    if (next === from) next = readRepeated(bytes, from, end, head);
    if (next === from) return from;
    from = skipSpace(bytes, next, end);
  }
}

/** A time that follows a level or a program: `kern  :warn  : [Sat Jun 20 18:11:21 2026] `. */
function readLateStamp(bytes: Uint8Array, at: number, end: number, clock: Clock, head: HeadScan): number {
  const first = byteAt(bytes, at) === OPEN ? at + 1 : at;
  if (!isDigit(byteAt(bytes, first)) && !isWeekday(bytes, first, end) && findMonth(bytes, first, end) < 0) return at;
  const stamp = readStamp(bytes, at, end, clock);
  if (stamp === null) return at;
  head.time = stamp.time;
  return stamp.end;
}

/** `[16890529.490637]`, `[  123.456789][    T1]`; returns where it ends, or `at`. */
function readUptime(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
  const from = skipSpace(bytes, at + 1, end);
  const dot = skipDigits(bytes, from, end);
  const to = skipDigits(bytes, dot + 1, end);
  if (dot === from || byteAt(bytes, dot) !== 46 || to === dot + 1 || byteAt(bytes, to) !== CLOSE || to >= end)
    return at;
  head.uptime ??= readNumber(bytes, from, to);
  return skipCaller(bytes, to + 1, end);
}

/** `[    T1]`, `[    C0]`: the task or processor, where the kernel is told to print it. */
function skipCaller(bytes: Uint8Array, at: number, end: number): number {
  if (byteAt(bytes, at) !== OPEN) return at;
  const letter = skipSpace(bytes, at + 1, end);
  const digits = skipDigits(bytes, letter + 1, end);
  const kind = byteAt(bytes, letter);
  return (kind === 84 || kind === 67) && digits > letter + 1 && byteAt(bytes, digits) === CLOSE ? digits + 1 : at;
}

/** `message repeated 2 times: [ ` (rsyslog) */
function readRepeated(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
  if (!startsAt(bytes, at, end, REPEATED)) return at;
  const from = at + REPEATED.length;
  const to = skipDigits(bytes, from, end);
  if (to === from || !startsAt(bytes, to, end, ' times: [')) return at;
  head.repeated = Math.max(1, Math.min(readNumber(bytes, from, to), 1e9));
  return to + ' times: ['.length;
}

/** The number, with or without a fraction, that is known to stand there; of its first 20 characters. */
function readNumber(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let unit = 0;
  for (let i = from; i < Math.min(to, from + 20); i++) {
    const byte = byteAt(bytes, i);
    if (byte === 46) unit = 1;
    else {
      value = value * 10 + (byte - 48);
      unit *= 10;
    }
  }
  return unit > 1 ? value / unit : value;
}
