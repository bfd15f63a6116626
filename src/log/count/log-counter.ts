// Counts what a firewall logged, in chunks of bytes, fast and in a memory that does not grow with the log.

import { createHeadScan } from '../head/head.ts';
import { toBlock } from '../packet/line-template.ts';
import { createLineScan } from '../packet/scan-packet.ts';
import { countKnown, learnTemplate } from './count-by-template.ts';
import { countLine, countWrapped, mayBeWrapped } from './count-line.ts';
import { countNewlines } from './count-newlines.ts';
import type { CountState, LogSummary } from './count-state.ts';
import { createLogGroups } from './log-groups.ts';
import { createTimeline } from './timeline.ts';

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

/**
 * Every IP packet's line has it, and hardly any other line; fewer words of a log begin with a D than with SRC's S. Packets whose header the kernel can't read (TRUNCATED) have no
 * address and are not counted: searching for them too would take as long as all the rest.
 */
const NEEDLE = 'DST=';
const LONGEST_LINE = 64 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/** A counter of what is logged since a moment, or of all. */
export function createLogCounter({ since, lines, templates = true }: CountOptions): LogCounter {
  const timeline = createTimeline();
  const groups = createLogGroups(timeline);
  const summary: LogSummary = { bytes: 0, lines: 0, entries: 0, first: null, last: null, groups: groups.all, timeline };
  const clock = { now: 0, bootTime: null };
  const stamp = { text: { ...toBlock(Buffer.alloc(64)), length: 0 }, time: 0, now: 0 };
  const scans = { scan: createLineScan(), head: createHeadScan() };
  const state: CountState = {
    summary,
    groups,
    clock,
    since,
    ...scans,
    templates: [],
    learns: templates,
    misses: 0,
    escape: -1,
    stamp,
  };
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

/** Counts the lines of a block that are packets. */
function countLines(state: CountState, bytes: Buffer): void {
  const block = toBlock(bytes);
  state.escape = -1;
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

function countUnknown(state: CountState, bytes: Buffer, start: number, end: number): void {
  if (mayBeWrapped(state, bytes, start, end)) countWrapped(state, bytes.toString('utf8', start, end));
  else if (countLine(state, bytes, start, end, null) !== null) learnTemplate(state, bytes, start, end);
}
