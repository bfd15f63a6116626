// The packets that a conversation is made of, as its two ends send them.
import { type Address, AS_SENT, type PacketHeaders, type Transport } from '../model/packet.ts';
import type { Conversation, PacketName, Surroundings } from './trace.ts';

/** One packet of the script. A lost bare acknowledgement only matters to servers that speak first. `opens`: the last of the opening exchange. */
export type Part = {
  readonly name: Exclude<PacketName, 'error'>;
  readonly from: 'client' | 'server';
  readonly flags: number;
  readonly bare: boolean;
  readonly opens?: boolean;
};

const SYN = 2;
const PSH = 8;
const ACK = 16;

/**
 * Request, reply, and the rest: for TCP the handshake's last packet and data both ways, for ping another round. One datagram asks and one answers,
 * as with a name server: that is all of a UDP conversation.
 */
export const PACKETS_OF: Readonly<Record<Conversation['protocol'], readonly Part[]>> = {
  tcp: [
    { name: 'request', from: 'client', flags: SYN, bare: false },
    { name: 'reply', from: 'server', flags: SYN | ACK, bare: false },
    { name: 'established-request', from: 'client', flags: ACK, bare: true, opens: true },
    { name: 'established-request', from: 'client', flags: PSH | ACK, bare: false },
    { name: 'established-reply', from: 'server', flags: PSH | ACK, bare: false },
  ],
  udp: round(),
  icmp: [
    ...round(),
    { name: 'established-request', from: 'client', flags: 0, bare: false },
    { name: 'established-reply', from: 'server', flags: 0, bare: false },
  ],
};

function round(): readonly Part[] {
  return [
    { name: 'request', from: 'client', flags: 0, bare: false },
    { name: 'reply', from: 'server', flags: 0, bare: false, opens: true },
  ];
}

/** A conversation with its ends as addresses. */
export type Ends = { readonly conversation: Conversation; readonly source: Address; readonly destination: Address };

/** What the client sends. */
export function clientPacket({ conversation, source, destination }: Ends, part: Part): PacketHeaders {
  const { sourcePort, destinationPort, uid, gid = null } = conversation;
  return {
    ...common(conversation, source, part),
    source,
    destination,
    transport: transportOf(conversation, source, part, { from: sourcePort, to: destinationPort }),
    uid,
    // Whoever is root has root's group.
    gid: gid ?? (uid === 0 ? 0 : 'unknown'),
  };
}

/** Answers the packet that was delivered last, as its headers came out of NAT. */
export function serverPacket(
  { conversation, source }: Ends,
  part: Part,
  packet: PacketHeaders,
  { serverUid, serverGid }: Surroundings,
): PacketHeaders {
  const { transport } = packet;
  const ports =
    'sourcePort' in transport
      ? { from: transport.destinationPort, to: transport.sourcePort }
      : { from: null, to: null };
  const byKernel = conversation.protocol === 'icmp';
  return {
    ...common(conversation, source, part),
    // Answers to echoes have their type of service (icmp_reply, icmpv6_echo_reply).
    ...(byKernel && { dscp: packet.dscp, ecn: packet.ecn }),
    source: packet.destination,
    destination: packet.source,
    transport: transportOf(conversation, source, part, ports),
    uid: byKernel ? null : (serverUid ?? 'unknown'),
    gid: byKernel ? null : (serverGid ?? 'unknown'),
  };
}

function common({ protocol }: Conversation, source: Address, { flags }: Part) {
  const family: 'ip' | 'ip6' = typeof source === 'number' ? 'ip' : 'ip6';
  const header = family === 'ip' ? 20 : 40;
  const least = protocol === 'tcp' ? 20 : 8;
  const most = protocol === 'tcp' && (flags & PSH) === 0 ? header + 60 : 65535;
  const length: readonly [number, number] = [header + least + ((flags & PSH) !== 0 ? 1 : 0), most];
  return { family, length, ...AS_SENT };
}

function transportOf(
  { protocol, sourcePort }: Conversation,
  source: Address,
  { from, flags }: Part,
  ports: { from: number | null; to: number | null },
): Transport {
  if (protocol === 'tcp') return { kind: 'tcp', sourcePort: ports.from, destinationPort: ports.to, flags };
  if (protocol === 'udp') return { kind: 'udp', sourcePort: ports.from, destinationPort: ports.to };
  const id = sourcePort ?? 1;
  return typeof source === 'number'
    ? { kind: 'icmp', type: from === 'client' ? 8 : 0, code: 0, id }
    : { kind: 'icmpv6', type: from === 'client' ? 128 : 129, code: 0, id };
}
