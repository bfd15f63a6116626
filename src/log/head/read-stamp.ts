// The time stamp that a line begins with, in any of its forms.

import { byteAt, isDigit, readDecimal, readDigits, skipDigits, skipWord, startsAt } from '../packet/bytes.ts';
import { isWeekday, type LineClock, readIsoDate, readMonthDate, type Stamp } from './clock.ts';

const SPACE = 32;
const OPEN = 91;
const CLOSE = 93;
const COLON = 58;

/** A time of day at the very place, with or without brackets around it. */
export function readStamp(bytes: Uint8Array, at: number, end: number, clock: LineClock): Stamp | null {
  if (byteAt(bytes, at) === OPEN) {
    if (byteAt(bytes, at + 1) === OPEN) return null;
    const stamp = readStamp(bytes, at + 1, end, clock) ?? readForeignDay(bytes, at + 1, end, clock);
    return stamp !== null && byteAt(bytes, stamp.end) === CLOSE ? { ...stamp, end: stamp.end + 1 } : null;
  }
  if (isDigit(byteAt(bytes, at))) {
    return readIsoDate(bytes, at, end) ?? readYearFirst(bytes, at, end, clock) ?? readUnixTime(bytes, at, end);
  }
  if (!isWeekday(bytes, at, end)) return readMonthDate(bytes, at, end, clock);
  const stamp = readMonthDate(bytes, at + 4, end, clock) ?? readIsoDate(bytes, at + 4, end);
  return stamp === null ? null : skipZoneName(bytes, stamp, end);
}

/** `Sa Jun 20 18:11:21 2026`, `sam. juin 20 18:11:21 2026`: dmesg -T, where the locale is not English. */
function readForeignDay(bytes: Uint8Array, at: number, end: number, clock: LineClock): Stamp | null {
  const space = skipWord(bytes, at, Math.min(end, at + 8));
  return byteAt(bytes, space) === SPACE ? readMonthDate(bytes, space + 1, end, clock) : null;
}

/** `2026 Jun 20 18:11:21` */
function readYearFirst(bytes: Uint8Array, at: number, end: number, clock: LineClock): Stamp | null {
  const year = byteAt(bytes, at + 4) === SPACE ? readDecimal(bytes, at, at + 4) : null;
  const stamp = year === null ? null : readMonthDate(bytes, at + 5, end, clock);
  if (year === null || year < 1970 || stamp === null || stamp.exactYear) return null;
  return { time: new Date(stamp.time).setFullYear(year), end: stamp.end, exactYear: true };
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
  return { time: Math.floor(readDigits(bytes, at, to) * 1000), end: to, exactYear: true };
}

/** `/var/log/messages:Jun 20`, `messages-12-Jun 20`: what grep puts before a line. Returns where a time begins, or `at`. */
export function skipFileName(bytes: Uint8Array, at: number, end: number, clock: LineClock): number {
  for (let i = at; i < end && byteAt(bytes, i) > SPACE; i++) {
    const separator = byteAt(bytes, i) === COLON || byteAt(bytes, i) === 45;
    const month = separator && isUpper(byteAt(bytes, i + 1)) && readMonthDate(bytes, i + 1, end, clock);
    if (month || (separator && isDigit(byteAt(bytes, i + 1)) && readIsoDate(bytes, i + 1, end))) return i + 1;
  }
  return at;
}
