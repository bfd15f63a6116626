// A conversation that a program on the practice server begins: with whom, by which device, and what stays the same in it.

import type { Conversation, Surroundings } from '../../../firewall/conversation/trace.ts';
import { formatAddress, isLoopbackAddress, parseAddress } from '../../../firewall/model/address.ts';
import { AS_SENT, type Packet, type Transport } from '../../../firewall/model/packet.ts';
import type { PracticeService, Server } from '../server.ts';

/** Whom to talk to: `port` is null for a ping, `size` the bytes of a datagram's content. */
export type TalkTarget = {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly destination: string;
  readonly port: number | null;
  readonly uid: number;
  readonly size?: number;
};

/** How it ended for the client; `banner` is what the server said first. */
export type TalkEnd = {
  readonly end: 'connected' | 'refused' | 'unreachable' | 'not-permitted' | 'timed-out';
  readonly banner: string;
};

/** `id` and `flowLabel` are those of the client's first packet. */
export type Talk = {
  readonly server: Server;
  readonly conversation: Conversation;
  readonly device: 'lo' | 'eth0';
  readonly id: number;
  readonly flowLabel: number;
  readonly size: number;
};

/** What a ping carries. */
const PING_SIZE = 56;

/** Chooses addresses and a port to talk from, as the kernel would. */
export function startTalk(server: Server, { protocol, destination, port, uid, size = 0 }: TalkTarget): Talk {
  const { random } = server;
  const device = isOwn(server, destination) ? 'lo' : 'eth0';
  const sourcePort = protocol === 'icmp' ? null : random(32_768, 60_999);
  const source = device === 'lo' ? sourceOnLoopback(destination) : sourceOnEth0(server, destination);
  const conversation = { protocol, source, destination, sourcePort, destinationPort: port, uid, gid: uid };
  const content = protocol === 'icmp' ? PING_SIZE : size;
  return { server, conversation, device, id: random(1, 65_000), flowLabel: random(1, 0xfffff), size: content };
}

/** Whether packets to that address stay on the server. */
function isOwn({ addresses }: Server, address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== null && (isLoopbackAddress(parsed) || addresses.includes(address));
}

/** Packets to an address of lo come from 127.0.0.1, those to another own address from that address. */
function sourceOnLoopback(destination: string): string {
  return destination.startsWith('127.') ? '127.0.0.1' : destination;
}

function sourceOnEth0({ addresses }: Server, destination: string): string {
  const isIp6 = destination.includes(':');
  return addresses.find((address) => address.includes(':') === isIp6) ?? (isIp6 ? '::1' : '127.0.0.1');
}

/** The client's first packet, before any rule saw it. */
export function requestPacket({ conversation }: Talk): Packet {
  const { protocol, source, destination, sourcePort, destinationPort, uid } = conversation;
  const family = destination.includes(':') ? 'ip6' : 'ip';
  const transport: Transport =
    protocol === 'icmp'
      ? { kind: family === 'ip' ? 'icmp' : 'icmpv6', type: family === 'ip' ? 8 : 128, code: 0, id: 1 }
      : { kind: protocol, sourcePort, destinationPort, flags: 2 };
  const addresses = { source: parseAddress(source), destination: parseAddress(destination) };
  const conntrack = { state: 'new', direction: 'original', mark: 0, zone: 0, status: 0 } as const;
  return { family, ...addresses, transport, length: [60, 60], ...AS_SENT, uid, gid: uid, conntrack };
}

/** What the evaluator has to know of this server; `service` is the one talked to. */
export function surroundingsOf({ addresses }: Server, service: PracticeService | null): Surroundings {
  const serverUid = service?.uid ?? null;
  return { ownAddresses: ['127.0.0.1', '::1', ...addresses], serverUid, serverGid: serverUid };
}

/** Who listens where a packet arrived, or null. */
export function serviceAt(server: Server, { transport, destination }: Packet): PracticeService | null {
  if (!('destinationPort' in transport) || destination === null) return null;
  return findService(server, transport.kind, formatAddress(destination), transport.destinationPort);
}

/** Who listens there, or null. */
export function findService(
  { services }: Server,
  protocol: string,
  address: string,
  port: number | null,
): PracticeService | null {
  const any = address.includes(':') ? '::' : '0.0.0.0';
  const fits = (own: string) => own === address || own === any;
  return services.find((one) => one.protocol === protocol && one.port === port && fits(one.address)) ?? null;
}
