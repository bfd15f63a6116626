// A logged packet as the practice server's kernel prints it.

import type { HookTrace } from '../../../firewall/conversation/trace.ts';
import { formatAddress } from '../../../firewall/model/address.ts';
import type { Packet } from '../../../firewall/model/packet.ts';
import type { Log } from '../../../firewall/model/steps.ts';
import { type KernelPacket, type KernelPayload, printKernelLine } from '../../../log/packet/print-kernel-line.ts';

/** What the wire shows of a packet beyond what rules can see. `embedded`: the packet that an ICMP error is about. */
export type Wire = {
  readonly id: number;
  readonly flowLabel: number;
  readonly window: number;
  readonly sequence: number;
  /** Bytes that a datagram or an echo carries. */
  readonly size: number;
  readonly embedded: KernelPacket | null;
};

const TCP_FLAGS = [['FIN', 1], ['SYN', 2], ['RST', 4], ['PSH', 8], ['ACK', 16], ['URG', 32]] as const; // biome-ignore format: a table

/** lo's packets have an Ethernet header of zeros when they come in. */
const NO_MAC = '00:00:00:00:00:00:00:00:00:00:00:00';

/** The kernel's record of a packet in a hook, logged by that rule. */
export function printPacket(
  { hook, packet }: Pick<HookTrace, 'hook' | 'packet'>,
  wire: Wire,
  log: Log,
  device: string,
): string {
  const enters = hook === 'prerouting' || hook === 'input';
  const { uid, gid, mark } = packet;
  const owner = log.uid && typeof uid === 'number' ? { uid, gid: typeof gid === 'number' ? gid : uid } : null;
  return printKernelLine({
    prefix: log.prefix,
    in: enters ? device : null,
    out: enters ? null : device,
    packet: toKernelPacket(packet, wire),
    ...(enters ? { mac: { kind: 'raw', bytes: `${NO_MAC}:${packet.family === 'ip' ? '08:00' : '86:dd'}` } } : {}),
    ...(owner ? { owner } : {}),
    ...(mark ? { mark } : {}),
  });
}

/** The packet with all its headers. */
export function toKernelPacket(packet: Packet, wire: Wire): KernelPacket {
  const src = formatAddress(packet.source ?? 0);
  const dst = formatAddress(packet.destination ?? 0);
  const isError = wire.embedded !== null;
  const common = { src, dst, len: lengthOf(packet, wire), payload: payloadOf(packet, wire) };
  if (packet.family === 'ip6') {
    const { flowLabel } = wire;
    return {
      family: 'ip6',
      ...common,
      trafficClass: 0,
      hopLimit: packet.ttl ?? 64,
      flowLabel,
      extensions: [],
      logOptions: false,
    };
  }
  // Errors are of high precedence, and may be cut on their way.
  const ipFlags = isError ? [] : ['DF'];
  return { family: 'ip', ...common, tos: isError ? 0xc0 : 0, ttl: packet.ttl ?? 64, id: wire.id, ipFlags, frag: 0 };
}

/** The bytes of the whole packet. */
export function lengthOf({ family, transport }: Packet, { embedded, size }: Wire): number {
  const header = family === 'ip' ? 20 : 40;
  if (embedded !== null && embedded.family !== 'truncated' && embedded.family !== 'arp')
    return header + 8 + embedded.len;
  switch (transport.kind) {
    case 'tcp':
      // A SYN carries 20 bytes of options, a RST none, all others a time stamp.
      return header + (transport.flags & 2 ? 40 : transport.flags & 4 ? 20 : 32);
    case 'icmp':
    case 'icmpv6':
    case 'udp':
      return header + 8 + size;
  }
}

function payloadOf({ transport }: Packet, wire: Wire): KernelPayload {
  switch (transport.kind) {
    case 'tcp': {
      const flags = TCP_FLAGS.filter(([, bit]) => transport.flags & bit).map(([name]) => name);
      const ports = { spt: transport.sourcePort ?? 0, dpt: transport.destinationPort ?? 0 };
      return { proto: 'TCP', header: { kind: 'tcp', ...ports, window: wire.window, res: 0, flags, urgp: 0 } };
    }
    case 'udp': {
      const ports = { spt: transport.sourcePort ?? 0, dpt: transport.destinationPort ?? 0 };
      return { proto: 'UDP', header: { kind: 'udp', ...ports, len: 8 + wire.size } };
    }
    case 'icmp':
    case 'icmpv6': {
      const { type, code, id } = transport;
      const rest = wire.embedded
        ? { kind: 'error' as const, embedded: wire.embedded }
        : { kind: 'echo' as const, id, seq: wire.sequence };
      return { proto: transport.kind === 'icmp' ? 'ICMP' : 'ICMPv6', header: { kind: 'icmp', type, code, rest } };
    }
  }
}
