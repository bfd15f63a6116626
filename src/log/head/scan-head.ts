// Reads what stands before a log message: priorities, times, host, program, the kernel's clock, "message repeated".

import { byteAt, isDigit, readDigits, skipDigits, skipSpace, skipWord, startsAt } from '../packet/bytes.ts';
import { findMonth, isWeekday, type LineClock, readSlashDate } from './clock.ts';
import type { HeadScan } from './head.ts';
import {
  findKernelTag,
  readHost,
  readHostAndProgram,
  readLastHost,
  readRfc5424,
  skipDmesgLevel,
  skipProgram,
} from './read-program.ts';
import { readStamp, skipFileName } from './read-stamp.ts';
import { readKmsg, scanUptime } from './read-uptime.ts';

const SPACE = 32;
const OPEN = 91;
const COLON = 58;
const REPEATED = 'message repeated ';
/** journalctl -o export and -o verbose */
const MESSAGE = 'MESSAGE=';

/**
 * Reads the head in bytes[start, end) into `head`; any of these, and none at all:
 * `Jun 20 18:11:21 web1 kernel: [  123.456] `, `<4>1 2026-06-20T18:11:21.1+02:00 web1 kernel - - - `,
 * `Sat 2026-06-20 18:11:21 CEST web1 kernel: `, `2026-06-20T18:11:21,123456+02:00 `, `[Sat Jun 20 18:11:21 2026] `,
 * `kern  :warn  : [  123.456] `, `6,1234,123456789,-;`, `0 3 PVEFW-HOST-IN 20/Jun/2026:18:11:21 +0200 `,
 * `182 <4>Jun 20 18:11:21 web1 kernel: `, `2026-06-20T18:11:21.1Z stdout F `, `MESSAGE=`.
 */
export function scanHead(bytes: Uint8Array, start: number, end: number, clock: LineClock, head: HeadScan): void {
  head.time = null;
  head.hostFrom = -1;
  head.hostTo = -1;
  head.uptime = null;
  head.repeated = 1;
  let at = skipPriority(bytes, skipLength(bytes, skipQuotes(bytes, start, end), end), end);
  at = readKmsg(bytes, at, end, head);
  const rfc5424 = isDigit(byteAt(bytes, at)) && byteAt(bytes, at + 1) === SPACE && isDigit(byteAt(bytes, at + 2));
  let stampAt = rfc5424 ? at + 2 : at;
  let stamp = readStamp(bytes, stampAt, end, clock);
  if (stamp === null) {
    stampAt = skipFileName(bytes, at, end, clock);
    stamp = stampAt > at ? readStamp(bytes, stampAt, end, clock) : null;
  }
  let streamed = -1;
  if (stamp !== null) {
    head.time = stamp.time;
    streamed = skipStream(bytes, stamp.end, end);
    at = skipSecondStamp(bytes, Math.max(streamed, stamp.end), end, clock);
  }
  const afterProgram = findKernelTag(bytes, at, end);
  if (afterProgram >= 0) {
    if (stamp !== null) readHost(bytes, at, afterProgram, head);
    else readLastHost(bytes, at, afterProgram, head);
    at = afterProgram;
  } else if (stamp !== null) {
    // dmesg names no host: `[Sat Jun 20 18:11:21 2026] `, `2026-06-20T18:11:21,123456+02:00 `; nor does a container.
    const listing = byteAt(bytes, stampAt) === OPEN || byteAt(bytes, stampAt + 19) === 44 || streamed === at;
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

/** What stands before a line that was copied from elsewhere: `"`, `'`, `` ` ``, `> `. */
function skipQuotes(bytes: Uint8Array, at: number, end: number): number {
  let from = skipSpace(bytes, at, end);
  for (let byte = byteAt(bytes, from); byte === 34 || byte === 39 || byte === 96 || byte === 62; ) {
    from = skipSpace(bytes, from + 1, end);
    byte = from < end ? byteAt(bytes, from) : 0;
  }
  return from;
}

/** `182 <4>`: RFC 6587 counts the bytes of messages that are sent over TCP. */
function skipLength(bytes: Uint8Array, at: number, end: number): number {
  const space = skipDigits(bytes, at, end);
  return space > at && byteAt(bytes, space) === SPACE && byteAt(bytes, space + 1) === 60 ? space + 1 : at;
}

/** ` stdout F `: what Kubernetes puts between its time and the line. Returns -1 where that does not stand there. */
function skipStream(bytes: Uint8Array, at: number, end: number): number {
  if (!startsAt(bytes, at, end, ' std')) return -1;
  const stream = STREAMS.find((name) => startsAt(bytes, at, end, name));
  return stream === undefined ? -1 : at + stream.length;
}

const STREAMS = [' stdout F ', ' stdout P ', ' stderr F ', ' stderr P '] as const;

/** The line's own time, behind the one of its collector. */
function skipSecondStamp(bytes: Uint8Array, at: number, end: number, clock: LineClock): number {
  const from = skipPriority(bytes, skipSpace(bytes, at, end), end);
  if (!isDigit(byteAt(bytes, from)) && byteAt(bytes, from + 3) !== SPACE) return at;
  const stamp = from > at || byteAt(bytes, at - 1) === SPACE ? readStamp(bytes, from, end, clock) : null;
  if (stamp === null) return at;
  return byteAt(bytes, stamp.end) === COLON ? stamp.end + 1 : stamp.end;
}

/** `<4>` */
function skipPriority(bytes: Uint8Array, at: number, end: number): number {
  if (byteAt(bytes, at) !== 60) return at;
  const close = skipDigits(bytes, at + 1, end);
  return close > at + 1 && close - at < 6 && byteAt(bytes, close) === 62 ? skipSpace(bytes, close + 1, end) : at;
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

/** What may stand in front of the message itself, in any order: `[  123.456] `, `message repeated 2 times: [ `, `<4>`. */
function readInnerHead(bytes: Uint8Array, at: number, end: number, clock: LineClock, head: HeadScan): number {
  let from = skipSpace(bytes, at, end);
  for (;;) {
    // Once the kernel's clock was read, what looks like another is the rule's prefix.
    if (head.uptime !== null && head.repeated > 1) return from;
    let next = head.uptime === null ? skipPriority(bytes, from, end) : from;
    if (next === from && head.uptime === null && byteAt(bytes, from) === OPEN)
      next = scanUptime(bytes, from, end, head);
    if (next === from && head.time === null) next = readLateStamp(bytes, from, end, clock, head);
    if (next === from) next = readRepeated(bytes, from, end, head);
    if (next === from && startsAt(bytes, from, end, MESSAGE)) next += MESSAGE.length;
    if (next === from) return from;
    from = skipSpace(bytes, next, end);
  }
}

/** A time that follows a level or a program: `kern  :warn  : [Sat Jun 20 18:11:21 2026] `. */
function readLateStamp(bytes: Uint8Array, at: number, end: number, clock: LineClock, head: HeadScan): number {
  const first = byteAt(bytes, at) === OPEN ? at + 1 : at;
  if (!isDigit(byteAt(bytes, first)) && !isWeekday(bytes, first, end) && findMonth(bytes, first, end) < 0) return at;
  const stamp = readStamp(bytes, at, end, clock);
  if (stamp === null) return at;
  head.time = stamp.time;
  return stamp.end;
}

/** `message repeated 2 times: [ ` (rsyslog) */
function readRepeated(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
  if (!startsAt(bytes, at, end, REPEATED)) return at;
  const from = at + REPEATED.length;
  const to = skipDigits(bytes, from, end);
  if (to === from || !startsAt(bytes, to, end, ' times: [')) return at;
  head.repeated = Math.max(1, Math.min(readDigits(bytes, from, to), 1e9));
  return to + ' times: ['.length;
}
