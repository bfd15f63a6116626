// The packet that REJECT sends back: an ICMP error or a TCP reset, from the kernel itself.
import { at } from '../../at.ts';
import type { Ending } from '../evaluate/evaluate-chain.ts';
import { sending, type World } from '../evaluate/world.ts';
import { AS_SENT, type Packet, TO_HOST, type Transport } from '../model/packet.ts';
import { relatedTrack } from './conntrack.ts';

const RST = 4;
const ACK = 16;
const UNREACHABLE = { icmp: 3, icmpv6: 1 };

/** icmpx codes 0 to 3 in each family (nf_reject_icmp_code and nf_reject_icmpv6_code). */
const ICMPX = { icmp: [0, 3, 1, 13], icmpv6: [0, 4, 3, 1] };

/**
 * The world in which the error is sent, or null where none is: a plain drop, a reset for what is no TCP or a reset itself, an
 * error about an error.
 */
export function errorPacket({ world, verdict }: Ending): World | null {
  if (verdict.kind !== 'reject') return null;
  const transport = errorTransport(world.packet, verdict);
  if (!transport || isUnanswered(world.packet, transport)) return null;
  const { family, source, destination } = world.packet;
  const header = family === 'ip' ? 20 : 40;
  const length: readonly [number, number] = transport.kind === 'tcp' ? [header + 20, header + 20] : [header + 8, 1280];
  const packet = {
    family,
    source: destination,
    destination: source,
    transport,
    length,
    ...AS_SENT,
    dscp: transport.kind === 'icmp' ? internetControl(world.packet.dscp) : 0,
    ecn: transport.kind === 'icmp' ? keptEcn(world.packet.ecn) : 0,
    uid: null,
    gid: null,
  };
  return sending(world, packet, relatedTrack(world, transport));
}

/** No ICMP error is sent about a packet that a rule has declared to be for somebody else (icmp_send, icmp6_send). */
function isUnanswered({ type }: World['packet'], error: Transport): boolean {
  return error.kind !== 'tcp' && type !== null && type !== TO_HOST;
}

/** True where the packet's type decides whether an error is sent about it, and is not known. */
export function mayBeUnanswered({ world }: Ending): boolean {
  return world.packet.type === null;
}

/** ICMP errors have the precedence "internetwork control", and keep the rest of the packet's type of service (icmp_send in net/ipv4/icmp.c). */
function internetControl(dscp: number | null): number | null {
  return dscp === null ? null : 48 | (dscp & 7);
}

/** Of the two bits, the rest of the type of service has one (IPTOS_TOS_MASK). */
function keptEcn(ecn: number | null): number | null {
  return ecn === null ? null : ecn & 2;
}

function errorTransport(
  { transport, family }: World['packet'],
  verdict: Extract<Ending['verdict'], { kind: 'reject' }>,
): Transport | null {
  if (verdict.with === 'tcp-reset') {
    if (transport.kind !== 'tcp' || (transport.flags & RST) !== 0) return null;
    const flags = (transport.flags & ACK) !== 0 ? RST : RST | ACK;
    return { kind: 'tcp', sourcePort: transport.destinationPort, destinationPort: transport.sourcePort, flags };
  }
  const kind = family === 'ip' ? 'icmp' : 'icmpv6';
  if (verdict.with !== kind && verdict.with !== 'icmpx') return null;
  if (isError(transport)) return null;
  const code = verdict.with === 'icmpx' ? at(ICMPX[kind], verdict.code) : verdict.code;
  return { kind, type: UNREACHABLE[kind], code, id: 0 };
}

/** True for ICMP that reports an error, about which no further error is sent. */
function isError(transport: Packet['transport']): boolean {
  if (transport.kind === 'icmp') return [3, 4, 5, 11, 12].includes(transport.type);
  return transport.kind === 'icmpv6' && transport.type < 128;
}
