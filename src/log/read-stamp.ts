// The time stamp that a line begins with, in any of its forms.

import { byteAt, isDigit, readNumber, skipDigits, skipWord, startsAt } from './bytes.ts';
import { type Clock, isWeekday, readIsoDate, readMonthDate, type Stamp } from './clock.ts';

const SPACE = 32;
const OPEN = 91;
const CLOSE = 93;
const COLON = 58;

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

/** `/var/log/messages:Jun 20`, `messages-12-Jun 20`: what grep puts before a line. Returns where a time begins, or `at`. */
export function skipFileName(bytes: Uint8Array, at: number, end: number, clock: Clock): number {
  for (let i = at; i < end && byteAt(bytes, i) > SPACE; i++) {
    const separator = byteAt(bytes, i) === COLON || byteAt(bytes, i) === 45;
    const month = separator && isUpper(byteAt(bytes, i + 1)) && readMonthDate(bytes, i + 1, end, clock);
    if (month || (separator && isDigit(byteAt(bytes, i + 1)) && readIsoDate(bytes, i + 1, end))) return i + 1;
  }
  return at;
}
