// Times of day as logs write them, read from bytes without making strings.

import { byteAt, isDigit, skipDigits, skipSpace, skipWord, startsAt } from '../packet/bytes.ts';
import { findForeignMonth } from './month-names.ts';

/** Where to take from what a time stamp leaves out. */
export type LineClock = {
  /** The moment in milliseconds that lines without a year lie before, at most a day after. */
  now: number;
  /** When the machine booted, for lines that have only the kernel's clock; null where it is not known. */
  bootTime: number | null;
};

/** A time stamp that was read: milliseconds since 1970 and the place behind it. */
export type Stamp = { time: number; end: number; exactYear: boolean };

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const DAY = 86_400_000;
/** `févr.`, whose é is two bytes in a file. */
const LONGEST_MONTH = 8;

const twoDigits = (bytes: Uint8Array, at: number): number => {
  const tens = byteAt(bytes, at) - 48;
  const ones = byteAt(bytes, at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
};

const fourDigits = (bytes: Uint8Array, at: number): number => {
  const high = twoDigits(bytes, at);
  const low = twoDigits(bytes, at + 2);
  return high >= 0 && low >= 0 ? high * 100 + low : -1;
};

/** The number of the month at a place, from 0, or -1. */
export const findMonth = (bytes: Uint8Array, at: number, end: number): number =>
  MONTHS.findIndex((month) => startsAt(bytes, at, end, month));

/** Whether a day of the week and a space stand at a place. */
export const isWeekday = (bytes: Uint8Array, at: number, end: number): boolean =>
  byteAt(bytes, at + 3) === 32 && DAYS.some((day) => startsAt(bytes, at, end, day));

type TimeOfDay = { seconds: number; milliseconds: number; end: number };

/** `18:11:21`, `18:11:21.123456`, `18:11:21,123` */
function readTimeOfDay(bytes: Uint8Array, at: number, end: number): TimeOfDay | null {
  const hours = twoDigits(bytes, at);
  const minutes = twoDigits(bytes, at + 3);
  const seconds = twoDigits(bytes, at + 6);
  if (at + 8 > end || byteAt(bytes, at + 2) !== 58 || byteAt(bytes, at + 5) !== 58) return null;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) return null;
  const total = hours * 3600 + minutes * 60 + seconds;
  const separator = byteAt(bytes, at + 8);
  if ((separator !== 46 && separator !== 44) || !isDigit(byteAt(bytes, at + 9)) || at + 9 >= end) {
    return { seconds: total, milliseconds: 0, end: at + 8 };
  }
  const fractionEnd = skipDigits(bytes, at + 9, end);
  let milliseconds = 0;
  for (let i = 0, unit = 100; i < 3 && at + 9 + i < fractionEnd; i++, unit /= 10) {
    milliseconds += (byteAt(bytes, at + 9 + i) - 48) * unit;
  }
  return { seconds: total, milliseconds, end: fractionEnd };
}

// Making a Date costs more than reading a line; most lines lie in the same day as the one before.
let localDay = { year: -1, month: -1, day: -1, midnight: 0, evenDay: false };

/** Milliseconds of a local time; days on which the clock is changed are worked out by Date. */
function localTime(year: number, month: number, day: number, seconds: number): number {
  if (localDay.year !== year || localDay.month !== month || localDay.day !== day) {
    const midnight = new Date(year, month, day).getTime();
    localDay = { year, month, day, midnight, evenDay: new Date(year, month, day + 1).getTime() - midnight === DAY };
  }
  return localDay.evenDay ? localDay.midnight + seconds * 1000 : new Date(year, month, day, 0, 0, seconds).getTime();
}

let inferredYear = { month: -1, day: -1, hour: -1, now: Number.NaN, year: 0 };

/** The latest year in which a date lies not more than a day after now (clocks and zones differ). */
function inferYear(month: number, day: number, seconds: number, now: number): number {
  const hour = Math.floor(seconds / 3600);
  if (
    inferredYear.month === month &&
    inferredYear.day === day &&
    inferredYear.hour === hour &&
    inferredYear.now === now
  )
    return inferredYear.year;
  let year = new Date(now).getFullYear() + 1;
  const fits = (): boolean => {
    const date = new Date(year, month, day, hour);
    return date.getMonth() === month && date.getTime() <= now + DAY;
  };
  // 29 February is in one year of four, or of eight.
  for (let tries = 0; tries < 10 && !fits(); tries++) year--;
  inferredYear = { month, day, hour, now, year };
  return year;
}

const isSpace = (byte: number): boolean => byte === 32 || byte === 9;

/**
 * `Jun 20 18:11:21`, `Jun  8 2026 18:11:21`, `Jun 20 18:11:21 2026`, `Jun 20 18:11:21.123` (RFC 3164 and relatives);
 * `Okt 20 18:11:21`, `févr. 20 18:11:21` (the journal, where the locale is not English).
 */
export function readMonthDate(bytes: Uint8Array, at: number, end: number, clock: LineClock): Stamp | null {
  // Most words that might be a month are none, and no day follows them.
  const monthEnd = skipWord(bytes, at, Math.min(end, at + LONGEST_MONTH));
  if (monthEnd < at + 3 || !isSpace(byteAt(bytes, monthEnd))) return null;
  const dayAt = skipSpace(bytes, monthEnd + 1, end);
  if (!isDigit(byteAt(bytes, dayAt))) return null;
  const english = monthEnd === at + 3 ? findMonth(bytes, at, end) : -1;
  const month = english < 0 ? findForeignMonth(bytes, at, end) : english;
  if (month < 0) return null;
  const dayEnd = skipDigits(bytes, dayAt, end);
  const day = dayEnd - dayAt === 2 ? twoDigits(bytes, dayAt) : dayEnd - dayAt === 1 ? byteAt(bytes, dayAt) - 48 : -1;
  if (day < 1 || day > 31) return null;
  let next = skipSpace(bytes, byteAt(bytes, dayEnd) === 44 ? dayEnd + 1 : dayEnd, end);
  let year = byteAt(bytes, next + 4) === 32 ? fourDigits(bytes, next) : -1;
  if (year > 0) next = skipSpace(bytes, next + 4, end);
  const time = readTimeOfDay(bytes, next, end);
  if (time === null) return null;
  let stampEnd = time.end;
  if (year < 0 && byteAt(bytes, stampEnd) === 32 && stampEnd + 5 <= end) {
    const after = stampEnd + 5 === end ? 32 : byteAt(bytes, stampEnd + 5);
    const candidate = after === 32 || after === 93 ? fourDigits(bytes, stampEnd + 1) : -1;
    if (candidate >= 1970 && candidate <= 2200) {
      year = candidate;
      stampEnd += 5;
    }
  }
  const exactYear = year > 0;
  if (!exactYear) year = inferYear(month, day, time.seconds, clock.now);
  return { time: localTime(year, month, day, time.seconds) + time.milliseconds, end: stampEnd, exactYear };
}

/** `2026-06-20T18:11:21.123456+02:00`, `2026-06-20 18:11:21`, `…,123456+02:00`, `…Z`, `…+0200` (RFC 3339 and relatives) */
export function readIsoDate(bytes: Uint8Array, at: number, end: number): Stamp | null {
  const year = fourDigits(bytes, at);
  const dash = byteAt(bytes, at + 4);
  if (year < 1970 || (dash !== 45 && dash !== 47) || byteAt(bytes, at + 7) !== dash) return null;
  const month = twoDigits(bytes, at + 5) - 1;
  const day = twoDigits(bytes, at + 8);
  const between = byteAt(bytes, at + 10) | 32;
  if (month < 0 || month > 11 || day < 1 || day > 31 || (between !== 116 && between !== 32)) return null;
  const time = readTimeOfDay(bytes, at + 11, end);
  if (time === null) return null;
  const zone = readZone(bytes, time.end, end);
  const base =
    zone === null
      ? localTime(year, month, day, time.seconds)
      : Date.UTC(year, month, day) + (time.seconds - zone.offset) * 1000;
  return { time: base + time.milliseconds, end: zone?.end ?? time.end, exactYear: true };
}

/** `20/Jun/2022:13:09:14 +0200` (Proxmox) */
export function readSlashDate(bytes: Uint8Array, at: number, end: number): Stamp | null {
  const day = twoDigits(bytes, at);
  const month = findMonth(bytes, at + 3, end);
  const year = fourDigits(bytes, at + 7);
  if (day < 1 || day > 31 || month < 0 || year < 1970) return null;
  if (byteAt(bytes, at + 2) !== 47 || byteAt(bytes, at + 6) !== 47 || byteAt(bytes, at + 11) !== 58) return null;
  const time = readTimeOfDay(bytes, at + 12, end);
  if (time === null) return null;
  const zone = byteAt(bytes, time.end) === 32 ? readZone(bytes, time.end + 1, end) : null;
  const base =
    zone === null
      ? localTime(year, month, day, time.seconds)
      : Date.UTC(year, month, day) + (time.seconds - zone.offset) * 1000;
  return { time: base + time.milliseconds, end: zone?.end ?? time.end, exactYear: true };
}

/** `Z`, `+02:00`, `-0530`, `+02`; the offset in seconds. */
function readZone(bytes: Uint8Array, at: number, end: number): { offset: number; end: number } | null {
  if (at >= end) return null;
  const sign = byteAt(bytes, at);
  if ((sign | 32) === 122) return { offset: 0, end: at + 1 };
  const hours = twoDigits(bytes, at + 1);
  if ((sign !== 43 && sign !== 45) || hours < 0 || hours > 14) return null;
  const colon = byteAt(bytes, at + 3) === 58 ? 1 : 0;
  const minutes = twoDigits(bytes, at + 3 + colon);
  const offset = hours * 3600 + Math.max(minutes, 0) * 60;
  return { offset: sign === 45 ? -offset : offset, end: minutes < 0 ? at + 3 : at + 5 + colon };
}
