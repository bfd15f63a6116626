// Which part a packet plays: does it ask, does it answer, does it report an error?

import type { Direction, EntryPacket } from '../packet/entry.ts';
import { tcpFlag } from '../packet/fields.ts';
import { findWellKnownService } from './services.ts';

const SYN = tcpFlag('SYN');
const ACK = tcpFlag('ACK');
/** Linux takes the ports of clients from here on (net.ipv4.ip_local_port_range). */
const FIRST_EPHEMERAL = 32_768;

const ICMP_REQUESTS = new Set([8, 10, 13, 15, 17]);
const ICMP_REPLIES = new Set([0, 9, 14, 16, 18]);
const ICMP_ERRORS = new Set([3, 4, 5, 11, 12]);
const ICMPV6_REQUESTS = new Set([128, 133, 135, 139]);
const ICMPV6_REPLIES = new Set([129, 134, 136, 140]);

/**
 * The direction from a packet's fields. `tcpFlags` is a mask in the order of TCP_FLAGS; `error` tells of an embedded
 * packet. A SYN without ACK asks, a SYN with ACK answers; anything else is told by which of its ports is a service's.
 */
export function judgeDirection(
  proto: string | number | null,
  tcpFlags: number,
  spt: number | null,
  dpt: number | null,
  type: number | null,
  error: boolean,
): Direction {
  if (error) return 'error';
  if (proto === 'ICMP') return judgeType(type, ICMP_REQUESTS, ICMP_REPLIES, type !== null && ICMP_ERRORS.has(type));
  if (proto === 'ICMPv6')
    return judgeType(type, ICMPV6_REQUESTS, ICMPV6_REPLIES, type !== null && type > 0 && type < 5);
  if (proto === 'ARP') return type === 1 ? 'request' : type === 2 ? 'reply' : 'unknown';
  if (proto === 'TCP' && tcpFlags & SYN) return tcpFlags & ACK ? 'reply' : 'request';
  return spt === null || dpt === null ? 'unknown' : judgePorts(spt, dpt);
}

function judgeType(type: number | null, requests: Set<number>, replies: Set<number>, error: boolean): Direction {
  if (error) return 'error';
  if (type === null) return 'unknown';
  return requests.has(type) ? 'request' : replies.has(type) ? 'reply' : 'unknown';
}

/** Clients use high ports; a service is known by its number, or by a lower port than its client's. */
function judgePorts(spt: number, dpt: number): Direction {
  const fromService = findWellKnownService(spt) !== null;
  const toService = findWellKnownService(dpt) !== null;
  if (fromService !== toService) return toService ? 'request' : 'reply';
  const fromClient = spt >= FIRST_EPHEMERAL;
  const toClient = dpt >= FIRST_EPHEMERAL;
  if (fromClient !== toClient) return fromClient ? 'request' : 'reply';
  return 'unknown';
}

/** Whether the packet asks, answers, or reports an error (facts: on a reply the service's port is SPT, not DPT). */
export function directionOf(packet: EntryPacket & { embedded?: EntryPacket | null }): Direction {
  const mask = packet.flags.reduce((bits, flag) => bits | tcpFlag(flag), 0);
  return judgeDirection(packet.proto, mask, packet.spt, packet.dpt, packet.type, (packet.embedded ?? null) !== null);
}
