// The conversations of a summary: what a group is, how it is told apart, how many there may be.

import { findWellKnownService } from '../conversations/services.ts';
import { canonicalAddress } from '../packet/address.ts';
import { F } from '../packet/fields.ts';
import type { LineScan, PacketScan } from '../packet/scan-packet.ts';
import {
  addGroup,
  addNumber,
  addRange,
  createGroupTable,
  createKeyBuilder,
  findGroup,
  type GroupTable,
} from './group-table.ts';
import { addSeries, type Timeline } from './timeline.ts';

/** One conversation, as one rule and one hook logged it: docs/contract.md, `logs --json`. */
export type LogGroup = {
  loopback: boolean;
  in: string | null;
  out: string | null;
  proto: string | number | null;
  /** The server's address: DST of a request, SRC of a reply. Null, like all names, in the group of all the rest. */
  dst: string | null;
  port: number | null;
  service: string | null;
  prefix: string | null;
  count: number;
  requests: number;
  replies: number;
  errors: number;
  /** Milliseconds since 1970; null where no line had a time. */
  first: number | null;
  last: number | null;
  /** Counts over the timeline of the summary. */
  series: Uint32Array;
};

/** More conversations than that on lo, or elsewhere, are counted in one group of all the rest. */
const MOST_GROUPS = 10_000;

/** All groups of a summary, in the order of their first line. */
export type LogGroups = {
  all: LogGroup[];
  table: GroupTable<LogGroup>;
  timeline: Timeline;
  loopback: { count: number; rest: LogGroup | null };
  other: { count: number; rest: LogGroup | null };
};

export const createLogGroups = (timeline: Timeline): LogGroups => ({
  all: [],
  table: createGroupTable(),
  timeline,
  loopback: { count: 0, rest: null },
  other: { count: 0, rest: null },
});

/** Where a line says what its group is called: the scanned line, its conversation's packet, server and prefix. */
export type GroupSource = {
  bytes: Uint8Array;
  scan: LineScan;
  subject: PacketScan;
  /** The field that has the server's address. */
  server: number;
  port: number | null;
  prefixFrom: number;
};

const key = createKeyBuilder();
const fromOf = (packet: PacketScan, field: number): number => packet.from[field] ?? -1;
const toOf = (packet: PacketScan, field: number): number => packet.to[field] ?? -1;

/** The group of a packet: its conversation, told apart by hook and rule. */
export function groupOf(groups: LogGroups, source: GroupSource): LogGroup {
  const { bytes, scan, subject, server, port, prefixFrom } = source;
  key.length = 0;
  addNumber(key, port ?? 0xffffff);
  addRange(key, bytes, fromOf(subject, server), toOf(subject, server));
  addRange(key, bytes, fromOf(subject, F.PROTO), toOf(subject, F.PROTO));
  addRange(key, bytes, fromOf(scan.outer, F.IN), toOf(scan.outer, F.IN));
  addRange(key, bytes, fromOf(scan.outer, F.OUT), toOf(scan.outer, F.OUT));
  addRange(key, bytes, prefixFrom, scan.anchor);
  const found = findGroup(groups.table, key);
  if (found !== undefined) return found;
  const name = readGroupName(source);
  const kind = groups[name.loopback ? 'loopback' : 'other'];
  if (kind.count >= MOST_GROUPS) {
    kind.rest ??= openGroup(groups, { ...NO_NAME, loopback: name.loopback });
    return kind.rest;
  }
  kind.count++;
  const group = openGroup(groups, name);
  addGroup(groups.table, key, group);
  return group;
}

type GroupName = Pick<LogGroup, 'loopback' | 'in' | 'out' | 'proto' | 'dst' | 'port' | 'service' | 'prefix'>;

const NO_NAME = { in: null, out: null, proto: null, dst: null, port: null, service: null, prefix: null };

const decoder = new TextDecoder();

function readGroupName({ bytes, scan, subject, server, port, prefixFrom }: GroupSource): GroupName {
  const decode = (from: number, to: number): string | null =>
    from < 0 || to <= from ? null : decoder.decode(bytes.subarray(from, to));
  const textOf = (packet: PacketScan, field: number): string | null =>
    decode(fromOf(packet, field), toOf(packet, field));
  const address = textOf(subject, server);
  const devices = { in: textOf(scan.outer, F.IN), out: textOf(scan.outer, F.OUT) };
  const name = textOf(subject, F.PROTO);
  const proto = name !== null && /^\d{1,15}$/.test(name) ? Number(name) : (name ?? (subject.esp ? 'ESP' : null));
  return {
    loopback: devices.in === 'lo' || devices.out === 'lo',
    ...devices,
    proto: subject.arp ? 'ARP' : proto,
    dst: address === null ? null : canonicalAddress(address),
    port,
    service: port === null ? null : (findWellKnownService(port)?.name ?? null),
    prefix: decode(prefixFrom, scan.anchor)?.trim() || null,
  };
}

function openGroup(groups: LogGroups, name: GroupName): LogGroup {
  const counts = { count: 0, requests: 0, replies: 0, errors: 0, first: null, last: null };
  const group: LogGroup = { ...name, ...counts, series: addSeries(groups.timeline) };
  groups.all.push(group);
  return group;
}
