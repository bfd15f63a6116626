// The places of a packet's fields → the packet.

import { canonicalAddress } from './address.ts';
import { readDecimal, readHex } from './bytes.ts';
import type { EntryPacket, SpanName, TextSpan } from './entry.ts';
import { F, IP_FLAGS, TCP_FLAGS } from './fields.ts';
import { hasField, type PacketScan } from './scan-packet.ts';

const fromOf = (packet: PacketScan, field: number): number => packet.from[field] ?? -1;
const toOf = (packet: PacketScan, field: number): number => packet.to[field] ?? -1;

/** The text of a field; null where it is missing or empty. */
export function textOf(text: string, packet: PacketScan, field: number): string | null {
  const from = fromOf(packet, field);
  return from >= 0 && toOf(packet, field) > from ? text.slice(from, toOf(packet, field)) : null;
}

/** The decimal number of a field; null where it is missing or no number. */
export function decimalOf(bytes: Uint8Array, packet: PacketScan, field: number): number | null {
  const from = fromOf(packet, field);
  return from >= 0 ? readDecimal(bytes, from, toOf(packet, field)) : null;
}

/** MARK=0x1a (kernel), MARK=1a (ulogd): hexadecimal either way. */
export function hexOf(bytes: Uint8Array, packet: PacketScan, field: number): number | null {
  const from = fromOf(packet, field);
  return from >= 0 ? readHex(bytes, from, toOf(packet, field)) : null;
}

function addressOf(text: string, packet: PacketScan, field: number): string | null {
  const address = textOf(text, packet, field);
  return address === null ? null : canonicalAddress(address);
}

/** The protocol by the kernel's name or number; ARP and ESP are known by a word of their own. */
function protocolOf(text: string, bytes: Uint8Array, packet: PacketScan): string | number | null {
  if (packet.arp) return 'ARP';
  return decimalOf(bytes, packet, F.PROTO) ?? textOf(text, packet, F.PROTO) ?? (packet.esp ? 'ESP' : null);
}

const flagsOf = (names: readonly string[], mask: number): string[] => names.filter((_, bit) => mask & (1 << bit));

/** The packet that was scanned in `text` (and the same text in `bytes`). */
export function readPacket(text: string, bytes: Uint8Array, packet: PacketScan): EntryPacket {
  const proto = protocolOf(text, bytes, packet);
  const frag = decimalOf(bytes, packet, F.FRAG);
  return {
    src: addressOf(text, packet, packet.arp ? F.IPSRC : F.SRC),
    dst: addressOf(text, packet, packet.arp ? F.IPDST : F.DST),
    len: decimalOf(bytes, packet, F.LEN),
    proto,
    spt: decimalOf(bytes, packet, F.SPT),
    dpt: decimalOf(bytes, packet, F.DPT),
    ttl: decimalOf(bytes, packet, F.TTL) ?? decimalOf(bytes, packet, F.HOPLIMIT),
    id: decimalOf(bytes, packet, F.ID),
    flags: flagsOf(TCP_FLAGS, packet.tcpFlags),
    ipFlags: flagsOf(IP_FLAGS, packet.ipFlags),
    frag,
    type: decimalOf(bytes, packet, packet.arp ? F.OPCODE : F.TYPE),
    code: decimalOf(bytes, packet, F.CODE),
    seq: decimalOf(bytes, packet, F.SEQ),
    incomplete: packet.cut || endsEarly(packet, proto, frag),
  };
}

/** Whether the line ends before it said what the kernel says of every packet; later fragments have no ports. */
function endsEarly(packet: PacketScan, proto: string | number | null, frag: number | null): boolean {
  if (packet.arp) return false;
  if (proto === null) return frag === null || frag === 0;
  if (frag !== null && frag > 0) return false;
  if (proto === 'TCP' || proto === 'UDP' || proto === 'UDPLITE') return !hasField(packet, F.DPT);
  return (proto === 'ICMP' || proto === 'ICMPv6') && !hasField(packet, F.TYPE);
}

const SPANS: readonly (readonly [SpanName, field: number, nameLength: number])[] = [
  ['in', F.IN, 3],
  ['out', F.OUT, 4],
  ['src', F.SRC, 4],
  ['dst', F.DST, 4],
  ['proto', F.PROTO, 6],
  ['spt', F.SPT, 4],
  ['dpt', F.DPT, 4],
];

/** Where whole fields (`OUT=lo`) of the packet stand. */
export function readSpans(packet: PacketScan, prefix: TextSpan | null): Partial<Record<SpanName, TextSpan>> {
  const spans: Partial<Record<SpanName, TextSpan>> = prefix === null ? {} : { prefix };
  for (const [name, field, length] of SPANS) {
    if (hasField(packet, field)) spans[name] = { start: fromOf(packet, field) - length, end: toOf(packet, field) };
  }
  return spans;
}
