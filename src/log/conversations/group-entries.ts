// Netfilter lines → conversations: who wanted what from whom, and how often.

import type { Direction, EntryLine, EntryPacket } from '../packet/entry.ts';
import { createSightingCounter, type Sighting } from './count-sightings.ts';
import { directionOf } from './direction.ts';
import { findWellKnownService, type WellKnownService } from './services.ts';

/** All packets between any client and one server's port (or, for ICMP, one address), replies and errors included. */
export type ConversationInLog = {
  loopback: boolean;
  proto: string | number | null;
  /** The address of the client that was seen first. */
  client: string | null;
  /** The address of the server. */
  server: string | null;
  /** The server's port; null where the protocol has none. */
  port: number | null;
  service: WellKnownService | null;
  /** Packets by the part they play, each counted once however often it was logged. */
  requests: number;
  replies: number;
  errors: number;
  others: number;
  /** All of them. */
  count: number;
  /** Milliseconds since 1970 of the first and last packet; null where no line has a time. */
  first: number | null;
  last: number | null;
  /** The log prefixes of the rules that wrote the lines. */
  prefixes: string[];
  /** The users whose programs sent the packets, where the rule logs them. */
  uids: number[];
  /** The most telling line: a request if there is one, else the first. */
  sample: EntryLine;
};

type Ends = { client: string | null; server: string | null; port: number | null; role: Direction };

/** Groups lines into conversations: loopback first, then the most frequent. The same packet in two places counts once. */
export function groupEntries(sightings: readonly Sighting[]): ConversationInLog[] {
  const servers = findServers(sightings);
  const countNew = createSightingCounter();
  const conversations = new Map<string, ConversationInLog>();
  for (const sighting of sightings) {
    const { entry } = sighting.line;
    const subject = entry.embedded ?? entry;
    const ends = findEnds(subject, servers);
    const role = entry.embedded === null ? ends.role : 'error';
    const key = JSON.stringify([entry.loopback, subject.proto, ends.server, ends.port]);
    const conversation = conversations.get(key) ?? openConversation(sighting.line, subject, ends);
    conversations.set(key, conversation);
    addLine(conversation, sighting.line, role, countNew(sighting));
  }
  return [...conversations.values()].sort(
    (a, b) => Number(b.loopback) - Number(a.loopback) || b.count - a.count || (a.first ?? 0) - (b.first ?? 0),
  );
}

const serverKey = (proto: EntryPacket['proto'], address: string | null, port: number | null): string =>
  `${proto} ${address} ${port}`;

/** The servers that are certain: a SYN names its server, a SYN+ACK comes from one. */
function findServers(sightings: readonly Sighting[]): Set<string> {
  const servers = new Set<string>();
  for (const { line } of sightings) {
    const packet = line.entry.embedded ?? line.entry;
    if (!packet.flags.includes('SYN')) continue;
    if (packet.flags.includes('ACK')) servers.add(serverKey(packet.proto, packet.src, packet.spt));
    else servers.add(serverKey(packet.proto, packet.dst, packet.dpt));
  }
  return servers;
}

function findEnds(packet: EntryPacket, servers: Set<string>): Ends {
  const role = findRole(packet, servers);
  return role === 'reply'
    ? { client: packet.dst, server: packet.src, port: packet.spt, role }
    : { client: packet.src, server: packet.dst, port: packet.dpt, role };
}

function findRole(packet: EntryPacket, servers: Set<string>): Direction {
  if (servers.has(serverKey(packet.proto, packet.dst, packet.dpt))) return 'request';
  if (servers.has(serverKey(packet.proto, packet.src, packet.spt))) return 'reply';
  return directionOf(packet);
}

const openConversation = (line: EntryLine, subject: EntryPacket, ends: Ends): ConversationInLog => ({
  loopback: line.entry.loopback,
  proto: subject.proto,
  client: ends.client,
  server: ends.server,
  port: ends.port,
  service: ends.port === null ? null : findWellKnownService(ends.port),
  requests: 0,
  replies: 0,
  errors: 0,
  others: 0,
  count: 0,
  first: line.time,
  last: line.time,
  prefixes: [],
  uids: [],
  sample: line,
});

const COUNTS = { request: 'requests', reply: 'replies', error: 'errors', unknown: 'others' } as const;

function addLine(conversation: ConversationInLog, line: EntryLine, role: Direction, packets: number): void {
  const { entry, time } = line;
  if (role === 'request' && conversation.requests === 0) conversation.sample = line;
  conversation[COUNTS[role]] += packets;
  conversation.count += packets;
  if (time !== null) {
    conversation.first = Math.min(conversation.first ?? time, time);
    conversation.last = Math.max(conversation.last ?? time, time);
  }
  if (entry.prefix !== null && !conversation.prefixes.includes(entry.prefix)) conversation.prefixes.push(entry.prefix);
  if (entry.uid !== null && !conversation.uids.includes(entry.uid)) conversation.uids.push(entry.uid);
}
