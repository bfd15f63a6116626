// Counts a line by parsing it.

import { judgeDirection } from '../conversations/direction.ts';
import { serverEnd } from '../conversations/services.ts';
import { plainLine } from '../head/plain-line.ts';
import { scanHead } from '../head/scan-head.ts';
import { unwrapLine } from '../head/unwrap-line.ts';
import { byteAt, readDecimal, startsAt } from '../packet/bytes.ts';
import type { Direction } from '../packet/entry.ts';
import { F } from '../packet/fields.ts';
import { type PacketScan, scanPacket } from '../packet/scan-packet.ts';
import { addPackets, type CountState } from './count-state.ts';
import { groupOf, type LogGroup } from './log-groups.ts';

/** Parses and counts a line; null where it is no packet, or too old. */
export function countLine(
  state: CountState,
  bytes: Buffer,
  start: number,
  end: number,
  knownTime: number | null,
): LogGroup | null {
  const { scan, head, summary } = state;
  if (!scanPacket(bytes, start, end, scan)) return null;
  scanHead(bytes, start, scan.anchor, state.clock, head);
  const time = knownTime ?? head.time;
  if (state.since !== null && (time === null || time < state.since)) return null;
  const subject = scan.hasInner ? scan.inner : scan.outer;
  const direction = directionOf(bytes, scan.outer, scan.hasInner);
  const role = scan.hasInner ? directionOf(bytes, scan.inner, false) : direction;
  const ports = { spt: numberOfField(bytes, subject, F.SPT), dpt: numberOfField(bytes, subject, F.DPT) };
  const fromSource = serverEnd(role, ports) === 'source';
  const group = groupOf(state.groups, {
    bytes,
    scan,
    subject,
    server: subject.arp ? F.IPDST : fromSource ? F.SRC : F.DST,
    port: fromSource ? ports.spt : ports.dpt,
    prefixFrom: scan.beheaded ? scan.anchor : Math.min(head.end, scan.anchor),
  });
  addPackets(summary, group, direction, time, head.repeated);
  return group;
}

/** Whether a line may be JSON, or has colours or a byte order mark in it; asked of the lines of a block in their order. */
export function mayBeWrapped(state: CountState, bytes: Buffer, start: number, end: number): boolean {
  const first = byteAt(bytes, start);
  if (first === 123 || first === 30 || first === 239 || startsAt(bytes, start, end, 'data: ')) return true;
  if (state.escape < start) {
    const next = bytes.indexOf(27, start);
    state.escape = next < 0 ? bytes.length : next;
  }
  return state.escape < end;
}

/** A line of the journal's or Docker's JSON, or one with colours. */
export function countWrapped(state: CountState, line: string): void {
  const plain = plainLine(line);
  const unwrapped = unwrapLine(plain);
  const bytes = Buffer.from(unwrapped?.text ?? plain);
  countLine(state, bytes, 0, bytes.length, unwrapped?.time ?? null);
}

/** The number of a field, or null. */
export function numberOfField(bytes: Uint8Array, packet: PacketScan, field: number): number | null {
  const from = packet.from[field] ?? -1;
  return from < 0 ? null : readDecimal(bytes, from, packet.to[field] ?? 0);
}

/** The names of the protocols that have a direction; the others need none. */
export function directedProtocolOf(bytes: Uint8Array, packet: PacketScan): string | null {
  const from = packet.from[F.PROTO] ?? -1;
  const length = (packet.to[F.PROTO] ?? 0) - from;
  const first = from < 0 ? 0 : byteAt(bytes, from);
  if (packet.arp) return 'ARP';
  if (first === 84 && length === 3) return 'TCP';
  if (first === 85 && length === 3) return 'UDP';
  return first === 73 && length === 4 ? 'ICMP' : first === 73 && length === 6 ? 'ICMPv6' : null;
}

function directionOf(bytes: Uint8Array, packet: PacketScan, error: boolean): Direction {
  const spt = numberOfField(bytes, packet, F.SPT);
  const dpt = numberOfField(bytes, packet, F.DPT);
  const type = numberOfField(bytes, packet, packet.arp ? F.OPCODE : F.TYPE);
  return judgeDirection(directedProtocolOf(bytes, packet), packet.tcpFlags, spt, dpt, type, error);
}
