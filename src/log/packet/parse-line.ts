// One line of any log → what it says: head, entry, and where the entry's fields stand.

import { judgeDirection } from '../conversations/direction.ts';
import { serviceOfPacket } from '../conversations/services.ts';
import type { LineClock } from '../head/clock.ts';
import { createHeadScan } from '../head/head.ts';
import { plainLine } from '../head/plain-line.ts';
import { scanHead } from '../head/scan-head.ts';
import { unwrapLine } from '../head/unwrap-line.ts';
import { skipSpace } from './bytes.ts';
import type { Entry, LogLine } from './entry.ts';
import { F } from './fields.ts';
import { decimalOf, hexOf, readPacket, readSpans, textOf } from './read-packet.ts';
import { createLineScan, scanPacket } from './scan-packet.ts';

/** What the parser has to be told: the time of the reading (for lines without a year) and of the last boot. */
export type ParseOptions = { now: Date; bootTime?: Date | null };

// Parsing never waits, so one set of scratch space serves all lines.
const scan = createLineScan();
const head = createHeadScan();
let scratch = new Uint8Array(4096);

/**
 * Reads a line of a log, e.g.
 * `Jun 20 18:11:21 web1 kernel: [  123.456] DROP IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 … PROTO=TCP SPT=40577 DPT=25 … SYN URGP=0`.
 * Never throws; takes time in proportion to the length.
 */
export function parseLine(line: string, { now, bootTime = null }: ParseOptions): LogLine {
  const plain = plainLine(line);
  const unwrapped = unwrapLine(plain);
  const text = unwrapped?.text ?? plain;
  const clock = { now: unwrapped?.time ?? now.getTime(), bootTime: bootTime?.getTime() ?? null };
  const parsed = parseText(text, clock);
  if (unwrapped === null) return parsed;
  const time = unwrapped.time ?? parsed.time;
  const host = parsed.host ?? unwrapped.host;
  const entry = parsed.entry && { ...parsed.entry, time: formatTime(time), host };
  return { ...parsed, time, host, uptime: parsed.uptime ?? unwrapped.uptime, entry };
}

function parseText(text: string, clock: LineClock): LogLine {
  const bytes = encode(text);
  const end = text.length;
  const found = scanPacket(bytes, 0, end, scan);
  const headEnd = found ? scan.anchor : end;
  scanHead(bytes, 0, headEnd, clock, head);
  const host = head.hostFrom < 0 ? null : text.slice(head.hostFrom, head.hostTo);
  const line = { text, time: head.time, host, uptime: head.uptime, repeated: head.repeated };
  return { ...line, entry: found ? readEntry(text, bytes, formatTime(head.time), host) : null };
}

/** The text in bytes, one a character, so that places in the bytes are places in the text. */
function encode(text: string): Uint8Array {
  if (scratch.length < text.length) scratch = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    scratch[i] = code < 256 ? code : 255;
  }
  return scratch;
}

/** RFC 3339 in UTC; null for what no calendar holds. */
const formatTime = (time: number | null): string | null =>
  time !== null && Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : null;

function readEntry(text: string, bytes: Uint8Array, time: string | null, host: string | null): Entry {
  const { outer, inner, hasInner, anchor, beheaded } = scan;
  const packet = readPacket(text, bytes, outer);
  const embedded = hasInner ? readPacket(text, bytes, inner) : null;
  const from = beheaded ? anchor : Math.min(skipSpace(bytes, head.end, anchor), anchor);
  const prefix = text.slice(from, anchor).trim();
  const direction = judgeDirection(packet.proto, outer.tcpFlags, packet.spt, packet.dpt, packet.type, hasInner);
  const device = { in: textOf(text, outer, F.IN), out: textOf(text, outer, F.OUT) };
  return {
    time,
    host,
    prefix: prefix === '' ? null : prefix,
    ...device,
    physin: textOf(text, outer, F.PHYSIN),
    physout: textOf(text, outer, F.PHYSOUT),
    mac: textOf(text, outer, F.MAC),
    ...packet,
    uid: decimalOf(bytes, outer, F.UID),
    gid: decimalOf(bytes, outer, F.GID),
    mark: hexOf(bytes, outer, F.MARK),
    embedded,
    loopback: device.in === 'lo' || device.out === 'lo',
    direction,
    service: serviceOfPacket(direction, packet, embedded)?.name ?? null,
    spans: readSpans(outer, prefix === '' ? null : { start: from, end: from + prefix.length }),
  };
}
