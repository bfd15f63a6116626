// The kernel's own clock in a line: seconds since boot.

import { byteAt, readDigits, skipDigits, skipSpace } from '../packet/bytes.ts';
import type { HeadScan } from './head.ts';

const OPEN = 91;
const CLOSE = 93;
const LESS = 60;
/** Longer than that are only the times between two boots. */
const DELTA = 32;

/** `6,1234,123456789,-;text`: a record of /dev/kmsg; priority, sequence number, microseconds since boot, flags. */
export function readKmsg(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
  const first = skipDigits(bytes, at, end);
  if (first === at || byteAt(bytes, first) !== 44) return at;
  const second = skipDigits(bytes, first + 1, end);
  const third = skipDigits(bytes, second + 1, end);
  if (byteAt(bytes, second) !== 44 || byteAt(bytes, third) !== 44 || third === second + 1) return at;
  let semicolon = third;
  while (semicolon < end && semicolon < third + 64 && byteAt(bytes, semicolon) !== 59) semicolon++;
  if (byteAt(bytes, semicolon) !== 59) return at;
  head.uptime = readDigits(bytes, second + 1, third) / 1e6;
  return semicolon + 1;
}

/** `[16890529.490637]`, `[  123.456789][    T1]`, `[  123.456789 <    0.000012 >]`; returns where it ends, or `at`. */
export function scanUptime(bytes: Uint8Array, at: number, end: number, head: HeadScan): number {
  const from = skipSpace(bytes, at + 1, end);
  const dot = skipDigits(bytes, from, end);
  const to = skipDigits(bytes, dot + 1, end);
  const close = skipDelta(bytes, to, end);
  if (dot === from || byteAt(bytes, dot) !== 46 || to === dot + 1 || byteAt(bytes, close) !== CLOSE || close >= end)
    return at;
  head.uptime ??= readDigits(bytes, from, to);
  return skipCaller(bytes, close + 1, end);
}

/** ` <    0.000012 >`, or so many spaces: the time since the line before (journalctl -o short-delta). */
function skipDelta(bytes: Uint8Array, at: number, end: number): number {
  let i = skipSpace(bytes, at, Math.min(end, at + DELTA));
  if (byteAt(bytes, i) !== LESS) return i;
  while (i < end && i < at + DELTA && byteAt(bytes, i) !== CLOSE) i++;
  return i;
}

/** `[    T1]`, `[    C0]`: the task or processor, where the kernel is told to print it. */
function skipCaller(bytes: Uint8Array, at: number, end: number): number {
  if (byteAt(bytes, at) !== OPEN) return at;
  const letter = skipSpace(bytes, at + 1, end);
  const digits = skipDigits(bytes, letter + 1, end);
  const kind = byteAt(bytes, letter);
  return (kind === 84 || kind === 67) && digits > letter + 1 && byteAt(bytes, digits) === CLOSE ? digits + 1 : at;
}
