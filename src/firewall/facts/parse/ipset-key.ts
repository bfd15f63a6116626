// The keys of ipset's elements as text: what a packet is looked up by, and what an element is filed under.
import { formatAddress, prefixRange } from '../../model/address.ts';
import { type Address, type PacketHeaders, protocolOf } from '../../model/packet.ts';
import type { Side } from '../question.ts';

/** What one part of a set's key is. */
export type PartKind = 'ip' | 'net' | 'port' | 'mac' | 'mark' | 'iface' | 'set';

/** `hash:net,port` has the parts net and port; null for a type that is not known. */
export function partsOf(type: string): readonly PartKind[] | null {
  const kinds = type.slice(type.indexOf(':') + 1).split(',');
  const known = kinds.map((kind) => KINDS.find((one) => one === kind));
  return known.every((kind) => kind !== undefined) ? known : null;
}

const KINDS: readonly PartKind[] = ['ip', 'net', 'port', 'mac', 'mark', 'iface', 'set'];

/** An address with so many bits kept, as ipset prints it: `127.0.0.0/8`, `127.0.0.1`. */
export function addressKey(address: Address, length: number): string {
  const bits = typeof address === 'bigint' ? 128 : 32;
  return length >= bits ? formatAddress(address) : `${formatAddress(prefixRange(address, length).from)}/${length}`;
}

/** `6:80`: the protocol's number with the port, or with an ICMP message's type and code. */
export function portKey(protocol: number, port: number): string {
  return `${protocol}:${port}`;
}

/** A part of the packet: its text for a prefix length (null where it has none), `none` where the kernel finds nothing to look up, null where it is not known. */
export type KeyPart = { readonly text: (length: number | null) => string } | 'none' | null;

type Seen = {
  readonly packet: PacketHeaders;
  /** The interfaces by which the packet comes in and leaves, empty where there is none. */
  readonly devices: Readonly<Record<Side, string>>;
};

/** What the packet has in the place of a part, looked at from one side. */
export function keyPart(kind: PartKind, side: Side, { packet, devices }: Seen, isBitmap: boolean): KeyPart {
  const fixed = (text: string): KeyPart => ({ text: () => text });
  switch (kind) {
    case 'ip':
    case 'net': {
      const address = side === 'src' ? packet.source : packet.destination;
      const bits = packet.family === 'ip' ? 32 : 128;
      return address === null ? null : { text: (length) => addressKey(address, length ?? bits) };
    }
    case 'port':
      return portPart(side, packet, isBitmap);
    case 'iface':
      return devices[side] === '' ? 'none' : fixed(devices[side]);
    case 'mac':
      // Neither what leaves by lo nor what comes in by it has an Ethernet address.
      return isBitmap ? null : 'none';
    case 'mark':
      return packet.mark === null ? null : fixed(`${packet.mark}`);
    case 'set':
      return null;
  }
}

/** A bitmap knows ports of TCP and UDP alike, a hash the protocol with it, and of ICMP its type and code (ip_set_getport.c). */
function portPart(side: Side, { transport }: PacketHeaders, isBitmap: boolean): KeyPart {
  if (!('sourcePort' in transport)) {
    const { type, code } = transport;
    return isBitmap ? 'none' : { text: () => portKey(protocolOf(transport), type * 256 + code) };
  }
  const port = side === 'src' ? transport.sourcePort : transport.destinationPort;
  if (port === null) return null;
  return { text: () => (isBitmap ? `${port}` : portKey(protocolOf(transport), port)) };
}
