// Tells new packets from further sightings of the same packet in another place.

import type { Entry, EntryLine, EntryPacket } from '../packet/entry.ts';

/** A netfilter line and where it was read: a file, the journal, the ring buffer. */
export type Sighting = { source: string; line: EntryLine };

/** Signatures that are remembered at most; beyond it the oldest are forgotten. */
const LIMIT = 50_000;

/**
 * A function that says how many packets a sighting adds to those already seen. One packet can stand in several streams:
 * in each source, behind each rule that logs it, on the way out of lo and on the way in. Within one stream every line is a
 * packet of its own (a repeated SYN may look the same), so the number of packets is the most that any stream has shown.
 */
export function createSightingCounter(): (sighting: Sighting) => number {
  const streamsBySignature = new Map<string, Map<string, number>>();
  return ({ source, line }) => {
    const signature = signatureOf(line.entry);
    const streams = streamsBySignature.get(signature) ?? new Map<string, number>();
    const known = Math.max(0, ...streams.values());
    const stream = JSON.stringify([source, line.entry.prefix, line.entry.in, line.entry.out]);
    const count = (streams.get(stream) ?? 0) + line.repeated;
    streams.set(stream, count);
    streamsBySignature.set(signature, streams);
    if (streamsBySignature.size > LIMIT) streamsBySignature.delete(streamsBySignature.keys().next().value ?? '');
    return Math.max(0, count - known);
  };
}

const packetSignature = (packet: EntryPacket): unknown[] => [
  packet.src,
  packet.dst,
  packet.len,
  packet.proto,
  packet.spt,
  packet.dpt,
  packet.id,
  packet.flags,
  packet.frag,
  packet.type,
  packet.code,
  packet.proto === 'TCP' ? null : packet.seq, // ulogd always tells TCP's sequence number, the kernel only when asked
];

const signatureOf = (entry: Entry): string =>
  JSON.stringify([packetSignature(entry), entry.embedded && packetSignature(entry.embedded)]);
