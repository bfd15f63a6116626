// What a counter of logs knows between two lines.

import type { LineClock } from '../head/clock.ts';
import type { HeadScan } from '../head/head.ts';
import type { Direction } from '../packet/entry.ts';
import type { ByteBlock, Template } from '../packet/line-template.ts';
import type { LineScan } from '../packet/scan-packet.ts';
import type { GroupTable } from './group-table.ts';
import type { LogGroup, LogGroups } from './log-groups.ts';
import { addCount, type Timeline } from './timeline.ts';

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

/** A conversation that was met lately: the port and the run with the server's address, in its version. */
type Recent = { port: number; server: number; version: number; group: LogGroup };

/** What all lines of a template have in common, and the conversations they were in. */
export type KnownGroup = {
  protocol: string | null;
  tcpFlags: number;
  type: number | null;
  groups: GroupTable<LogGroup>;
  recent: (Recent | undefined)[];
};

/** All of it; the places of fields are scratch space. */
export type CountState = {
  summary: LogSummary;
  groups: LogGroups;
  clock: LineClock;
  since: number | null;
  scan: LineScan;
  head: HeadScan;
  /** The time stamp of the line before, as text and as a time; an empty text is none. */
  stamp: { text: ByteBlock; time: number; now: number };
  /** The last used come first. */
  templates: Template<KnownGroup>[];
  learns: boolean;
  /** Lines that no template fitted. */
  misses: number;
  /** Where the next colour of the block stands, or its end; before the line where it is not known. */
  escape: number;
};

/** Adds packets to a group and to the summary. */
export function addPackets(
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
