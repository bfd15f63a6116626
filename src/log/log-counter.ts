// Counts what a firewall logged, in chunks of bytes, fast and in a memory that does not grow with the log.

import { byteAt, readDecimal } from './bytes.ts';
import type { Clock } from './clock.ts';
import { countNewlines } from './count-newlines.ts';
import { judgeDirection } from './direction.ts';
import type { Direction } from './entry.ts';
import { F } from './fields.ts';
import {
  addGroup,
  addNumber,
  addRange,
  createGroupTable,
  createKeyBuilder,
  findGroup,
  type GroupTable,
} from './group-table.ts';
import { type Block, createTemplate, matchTemplate, startsWith, type Template, toBlock } from './line-template.ts';
import { createLogGroups, groupOf, type LogGroup, type LogGroups } from './log-groups.ts';
import { createHeadScan, type HeadScan, readStamp, scanHead } from './scan-head.ts';
import { createLineScan, type LineScan, type PacketScan, scanPacket } from './scan-packet.ts';
import { serverEnd } from './services.ts';
import { addCount, createTimeline, type Timeline } from './timeline.ts';
import { unwrapLine } from './unwrap-line.ts';

/** What was counted so far. */
export type LogSummary = {
  bytes: number;
  /** All lines, where the counter was asked for them. */
  lines: number;
  /** Netfilter entries; a line "message repeated n times" stands for n. */
  entries: number;
  /** Milliseconds since 1970. */
  first: number | null;
  last: number | null;
  groups: LogGroup[];
  timeline: Timeline;
};

/** A counter that is fed chunks. */
export type LogCounter = {
  summary: LogSummary;
  /** Reads the next bytes of a log; lines may be cut anywhere. */
  push(chunk: Buffer): void;
  /** Begins a file whose lines without a year lie before `now`. */
  startFile(now: Date): void;
  /** Ends a file: what was pushed since the last line end is a line too. */
  endFile(): void;
};

export type CountOptions = {
  /** Only entries from this moment (ms) on; those without a time are left out then. */
  since: number | null;
  /** Count all lines, not only those of packets; that takes as long as finding the packets. */
  lines: boolean;
  /** Learn templates from lines; without, each line is parsed by itself. The counts are the same. */
  templates?: boolean;
};

/** Every IP packet's line has it, and hardly any other line. */
const NEEDLE = 'SRC=';
const LONGEST_LINE = 64 * 1024;
const MOST_TEMPLATES = 12;
const LEARNED_AT_ONCE = 32;
/** Conversations that a template remembers. */
const MOST_REMEMBERED = 4096;

const RECENT = 256;

/** A conversation that was met lately: the port and the run with the server's address, in its version. */
type Recent = { port: number; server: number; version: number; group: LogGroup };

/** What all lines of a template have in common, and the conversations they were in. */
type Known = {
  protocol: string | null;
  tcpFlags: number;
  type: number | null;
  groups: GroupTable<LogGroup>;
  recent: (Recent | undefined)[];
};

type State = {
  summary: LogSummary;
  groups: LogGroups;
  clock: Clock;
  since: number | null;
  scan: LineScan;
  head: HeadScan;
  /** The time stamp of the line before, as text and as a time; an empty text is none. */
  stamp: { text: Block; time: number; now: number };
  /** The last used come first. */
  templates: Template<Known>[];
  learns: boolean;
  /** Lines that no template fitted. */
  misses: number;
};

/** A counter of what is logged since a moment, or of all. */
export function createLogCounter({ since, lines, templates = true }: CountOptions): LogCounter {
  const timeline = createTimeline();
  const groups = createLogGroups(timeline);
  const summary: LogSummary = { bytes: 0, lines: 0, entries: 0, first: null, last: null, groups: groups.all, timeline };
  const clock = { now: 0, bootTime: null };
  const stamp = { text: { ...toBlock(Buffer.alloc(64)), length: 0 }, time: 0, now: 0 };
  const scans = { scan: createLineScan(), head: createHeadScan() };
  const state: State = { summary, groups, clock, since, ...scans, templates: [], learns: templates, misses: 0, stamp };
  let rest = NOTHING;
  return {
    summary,
    push(chunk) {
      summary.bytes += chunk.length;
      if (lines) summary.lines += countNewlines(chunk);
      const lastEnd = chunk.lastIndexOf(10);
      if (lastEnd < 0) {
        rest = Buffer.concat([rest, chunk]);
        if (rest.length <= LONGEST_LINE) return;
        // A line without end is read in pieces.
        countLines(state, rest);
        rest = NOTHING;
        return;
      }
      const firstEnd = rest.length > 0 ? chunk.indexOf(10) : -1;
      if (rest.length > 0) countLines(state, Buffer.concat([rest, chunk.subarray(0, firstEnd + 1)]));
      countLines(state, chunk.subarray(firstEnd + 1, lastEnd + 1));
      rest = Buffer.from(chunk.subarray(lastEnd + 1));
    },
    startFile(now) {
      clock.now = now.getTime();
    },
    endFile() {
      countLines(state, rest);
      if (lines && rest.length > 0) summary.lines++;
      rest = NOTHING;
    },
  };
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Counts the lines of a block that are packets. */
function countLines(state: State, bytes: Buffer): void {
  const block = toBlock(bytes);
  // Where packets come in a row, the next line is tried before the next packet is searched for.
  let inRow = false;
  for (let at = 0; at < bytes.length; ) {
    const known = inRow ? countKnown(state, block, at) : -1;
    if (known >= 0) {
      at = known + 1;
      continue;
    }
    const hit = bytes.indexOf(NEEDLE, at);
    if (hit < 0) return;
    const start = Math.max(at, bytes.lastIndexOf(10, hit) + 1);
    let end = inRow && start === at ? -1 : countKnown(state, block, start);
    if (end < 0) {
      const newline = bytes.indexOf(10, hit);
      end = newline < 0 ? bytes.length : newline;
      countUnknown(state, bytes, start, end);
    }
    inRow = start === at;
    at = end + 1;
  }
}

/** Counts the line at a place by a template; returns where it ends, or -1 where none fits. */
function countKnown(state: State, block: Block, start: number): number {
  const { templates, since } = state;
  const { bytes } = block;
  if (templates.length === 0) return -1;
  const stamp = readStampAgain(state, block, start);
  const from = stamp === null ? start : start + stamp.text.length;
  for (let i = 0; i < templates.length; i++) {
    const template = templates[i];
    const end = template === undefined ? -1 : matchTemplate(template, block, from, bytes.length);
    if (template === undefined || end < 0) continue;
    if (i > 0) moveToFront(templates, i);
    const time = stamp === null ? null : stamp.time;
    if (since === null || (time !== null && time >= since)) countByTemplate(state, template, bytes, start, end, time);
    return end;
  }
  return -1;
}

/** The time stamp of the line at a place; null where it has none. Lines that follow each other often have the same. */
function readStampAgain({ stamp, clock }: State, block: Block, start: number): State['stamp'] | null {
  const { bytes } = block;
  if (stamp.now === clock.now && stamp.text.length > 0 && startsWith(block, start, stamp.text)) return stamp;
  const read = readStamp(bytes, start, bytes.length, clock);
  if (read === null || read.end - start > stamp.text.bytes.length) return null;
  bytes.copy(stamp.text.bytes, 0, start, read.end);
  stamp.text.length = read.end - start;
  stamp.time = read.time;
  stamp.now = clock.now;
  return stamp;
}

function moveToFront<T>(list: T[], index: number): void {
  for (let i = index; i > 0; i--) {
    const [before, item] = [list[i - 1], list[i]];
    if (before === undefined || item === undefined) return;
    list[i - 1] = item;
    list[i] = before;
  }
}

/** The conversation is looked up among those that the template has met; a new one is named by the parser. */
function countByTemplate(
  state: State,
  template: Template<Known>,
  bytes: Buffer,
  start: number,
  end: number,
  time: number | null,
): void {
  const { known } = template;
  const spt = runNumber(template, bytes, 2);
  const dpt = runNumber(template, bytes, 3);
  const direction = judgeDirection(known.protocol, known.tcpFlags, spt, dpt, known.type, false);
  const fromSource = serverEnd(direction, { spt, dpt }) === 'source';
  const server = template.places[fromSource ? 0 : 1] ?? 0;
  const port = (fromSource ? spt : dpt) ?? NO_PORT;
  const version = template.values[server]?.version ?? 0;
  const recent = known.recent[port & (RECENT - 1)];
  if (recent?.port === port && recent.server === server && recent.version === version) {
    addPackets(state.summary, recent.group, direction, time, 1);
    return;
  }
  key.length = 0;
  addNumber(key, port);
  addRange(key, bytes, template.from[server] ?? 0, template.to[server] ?? 0);
  let group = findGroup(known.groups, key);
  if (group !== undefined) addPackets(state.summary, group, direction, time, 1);
  else {
    group = countLine(state, bytes, start, end, null) ?? undefined;
    if (group !== undefined && known.groups.size < MOST_REMEMBERED) addGroup(known.groups, key, group);
  }
  if (group !== undefined) known.recent[port & (RECENT - 1)] = { port, server, version, group };
}

const key = createKeyBuilder();
const NO_PORT = 0xffffff;

/** The number in one of PLACES; null where the lines of the template have no such field. */
function runNumber({ places, from, to }: Template<Known>, bytes: Buffer, place: number): number | null {
  const run = places[place] ?? -1;
  return run < 0 ? null : readDecimal(bytes, from[run] ?? 0, to[run] ?? 0);
}

function countUnknown(state: State, bytes: Buffer, start: number, end: number): void {
  if (byteAt(bytes, start) === 123) countWrapped(state, bytes.toString('utf8', start, end));
  else if (countLine(state, bytes, start, end, null) !== null) learnTemplate(state, bytes, start, end);
}

/** A line of the journal's or Docker's JSON. */
function countWrapped(state: State, line: string): void {
  const unwrapped = unwrapLine(line);
  const bytes = Buffer.from(unwrapped?.text ?? line, 'latin1');
  countLine(state, bytes, 0, bytes.length, unwrapped?.time ?? null);
}

/** Parses and counts a line; null where it is no packet, or too old. */
function countLine(state: State, bytes: Buffer, start: number, end: number, knownTime: number | null): LogGroup | null {
  const { scan, head, summary } = state;
  if (!scanPacket(bytes, start, end, scan)) return null;
  scanHead(bytes, start, scan.anchor, state.clock, head);
  const time = knownTime ?? head.time;
  if (state.since !== null && (time === null || time < state.since)) return null;
  const subject = scan.hasInner ? scan.inner : scan.outer;
  const direction = directionOf(bytes, scan.outer, scan.hasInner);
  const role = scan.hasInner ? directionOf(bytes, scan.inner, false) : direction;
  const ports = { spt: numberOf(bytes, subject, F.SPT), dpt: numberOf(bytes, subject, F.DPT) };
  const fromSource = serverEnd(role, ports) === 'source';
  const group = groupOf(state.groups, {
    bytes,
    scan,
    subject,
    server: subject.arp ? F.IPDST : fromSource ? F.SRC : F.DST,
    port: fromSource ? ports.spt : ports.dpt,
    prefixFrom: Math.min(head.end, scan.anchor),
  });
  addPackets(summary, group, direction, time, head.repeated);
  return group;
}

/** Learns from the line that was just parsed, from fewer and fewer of those that no template fits. */
function learnTemplate(state: State, bytes: Buffer, start: number, end: number): void {
  const { scan, head, templates } = state;
  if (!state.learns || scan.hasInner || head.repeated > 1) return;
  state.misses++;
  if (state.misses > LEARNED_AT_ONCE && (state.misses & (state.misses - 1)) !== 0) return;
  const stamp = readStamp(bytes, start, end, state.clock);
  if ((stamp?.time ?? null) !== head.time) return;
  const from = stamp?.end ?? start;
  const known: Known = {
    protocol: protocolOf(bytes, scan.outer),
    tcpFlags: scan.outer.tcpFlags,
    type: numberOf(bytes, scan.outer, F.TYPE),
    groups: createGroupTable(),
    recent: new Array(RECENT).fill(undefined),
  };
  const template = createTemplate(bytes.toString('latin1', from, end), scan.anchor - from, known);
  if (template === null) return;
  templates.unshift(template);
  if (templates.length > MOST_TEMPLATES) templates.pop();
}

function addPackets(
  summary: LogSummary,
  group: LogGroup,
  direction: Direction,
  time: number | null,
  packets: number,
): void {
  summary.entries += packets;
  group.count += packets;
  if (direction === 'request') group.requests += packets;
  else if (direction === 'reply') group.replies += packets;
  else if (direction === 'error') group.errors += packets;
  if (time === null) return;
  if (group.first === null || time < group.first) group.first = time;
  if (group.last === null || time > group.last) group.last = time;
  if (summary.first === null || time < summary.first) summary.first = time;
  if (summary.last === null || time > summary.last) summary.last = time;
  addCount(summary.timeline, group.series, time, packets);
}

function numberOf(bytes: Uint8Array, packet: PacketScan, field: number): number | null {
  const from = packet.from[field] ?? -1;
  return from < 0 ? null : readDecimal(bytes, from, packet.to[field] ?? 0);
}

/** The names of the protocols that have a direction; the others need none. */
function protocolOf(bytes: Uint8Array, packet: PacketScan): string | null {
  const from = packet.from[F.PROTO] ?? -1;
  const length = (packet.to[F.PROTO] ?? 0) - from;
  const first = from < 0 ? 0 : byteAt(bytes, from);
  if (packet.arp) return 'ARP';
  if (first === 84 && length === 3) return 'TCP';
  if (first === 85 && length === 3) return 'UDP';
  return first === 73 && length === 4 ? 'ICMP' : first === 73 && length === 6 ? 'ICMPv6' : null;
}

function directionOf(bytes: Uint8Array, packet: PacketScan, error: boolean): Direction {
  const spt = numberOf(bytes, packet, F.SPT);
  const dpt = numberOf(bytes, packet, F.DPT);
  const type = numberOf(bytes, packet, packet.arp ? F.OPCODE : F.TYPE);
  return judgeDirection(protocolOf(bytes, packet), packet.tcpFlags, spt, dpt, type, error);
}
