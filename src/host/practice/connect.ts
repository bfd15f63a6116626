// Opening a connection on the practice server: its packets through the kernel's rules, and what the client sees of it.
import { formatAddress, isLoopbackAddress, parseAddress } from '../../firewall/address.ts';
import type { Packet, Transport } from '../../firewall/packet.ts';
import type { Conversation, HookTrace, PacketTrace, Surroundings } from '../../firewall/trace.ts';
import { traceConversation } from '../../firewall/trace-conversation.ts';
import { evaluatePacket } from '../../firewall/travel.ts';
import type { KernelPacket } from '../../log/print-kernel-line.ts';
import { lengthOf, printPacket, toKernelPacket, type Wire } from './log-packet.ts';
import type { Server, Service } from './server.ts';

/** Whom to talk to; `port` is null for a ping. */
export type Target = {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly destination: string;
  readonly port: number | null;
  readonly uid: number;
};

/** How it ended for the client; `banner` is what the server said first. */
export type Connection = {
  readonly end: 'connected' | 'refused' | 'unreachable' | 'not-permitted' | 'timed-out';
  readonly banner: string;
};

type Device = 'lo' | 'eth0';

const ETH0 = { name: 'eth0', index: 2 };

/** The kernel sends a lost SYN again after a second. Nobody who practises should wait for more than that. */
const RETRANSMIT_AFTER = 1;
const PATIENCE = 1.2;
/** How long an answer takes on lo, and from elsewhere. */
const ROUND_TRIP: Readonly<Record<Device, number>> = { lo: 0.002, eth0: 0.03 };

/** Waits in vain for `patience` seconds at most, as long as a dropped packet keeps one waiting here. */
export async function connect(
  server: Server,
  target: Target,
  signal: AbortSignal,
  patience = PATIENCE,
): Promise<Connection> {
  const talk = startTalk(server, target);
  await server.clock.sleep(ROUND_TRIP[talk.device], signal);
  const first = exchange(talk, 0);
  if (first.end !== 'timed-out') return first;
  const until = Math.min(patience, PATIENCE);
  if (until < RETRANSMIT_AFTER || target.protocol !== 'tcp') {
    await server.clock.sleep(until, signal);
    return first;
  }
  if (!(await server.clock.sleep(RETRANSMIT_AFTER, signal))) return first;
  const again = exchange(talk, 1);
  if (again.end === 'timed-out') await server.clock.sleep(until - RETRANSMIT_AFTER, signal);
  return again;
}

/** Whether a packet to that address stays on the server. */
export function isOwn(server: Server, address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== null && (isLoopbackAddress(parsed) || server.addresses.includes(address));
}

type Talk = {
  readonly server: Server;
  readonly conversation: Conversation;
  readonly device: Device;
  readonly id: number;
  readonly flowLabel: number;
};

function startTalk(server: Server, { protocol, destination, port, uid }: Target): Talk {
  const { random } = server;
  const device = isOwn(server, destination) ? 'lo' : 'eth0';
  const sourcePort = protocol === 'icmp' ? null : random(32_768, 60_999);
  const source = device === 'lo' ? sourceFor(destination) : ownOfFamily(server, destination);
  const conversation = { protocol, source, destination, sourcePort, destinationPort: port, uid, gid: uid };
  return { server, conversation, device, id: random(1, 65_000), flowLabel: random(1, 0xfffff) };
}

/** Packets to an address of lo come from 127.0.0.1, those to another own address from that address. */
function sourceFor(destination: string): string {
  return destination.startsWith('127.') ? '127.0.0.1' : destination;
}

function ownOfFamily({ addresses }: Server, destination: string): string {
  const isIp6 = destination.includes(':');
  return addresses.find((address) => address.includes(':') === isIp6) ?? (isIp6 ? '::1' : '127.0.0.1');
}

function exchange(talk: Talk, attempt: number): Connection {
  return talk.device === 'lo' ? exchangeOnLoopback(talk, attempt) : exchangeOutside(talk, attempt);
}

/** Every packet of the conversation in order, as far as it gets. */
function exchangeOnLoopback(talk: Talk, attempt: number): Connection {
  const { server, conversation } = talk;
  const expected = findService(server, conversation.protocol, conversation.destination, conversation.destinationPort);
  const { packets } = traceConversation(server.kernel.ruleset(), conversation, surroundingsOf(server, expected));
  const [request, ...answers] = packets;
  if (request === undefined) return { end: 'timed-out', banner: '' };
  deliver(talk, request, wireOf(talk, request, attempt));
  const arrived = arrivalOf(request);
  if (arrived === null)
    return isSocketTold(conversation, request) ? { end: 'not-permitted', banner: '' } : deliverError(talk, answers);
  const service = serviceAt(server, arrived);
  const reply = answers.find(({ packet }) => packet === 'reply');
  if (reply === undefined) return { end: 'timed-out', banner: '' };
  if (service === null && conversation.protocol !== 'icmp') return refuse(talk, reply, attempt);
  for (const one of answers) deliver(talk, one, wireOf(talk, one, attempt));
  if (arrivalOf(reply) === null) return { end: 'timed-out', banner: '' };
  const goesOn = answers.some((one) => one.packet === 'established-reply' && arrivalOf(one) !== null);
  return { end: 'connected', banner: goesOn ? (service?.banner ?? '') : '' };
}

/** Where nobody listens, the kernel itself answers with a reset: not a socket's packet, but it passes the same rules. */
function refuse(talk: Talk, reply: PacketTrace, attempt: number): Connection {
  if (talk.conversation.protocol !== 'tcp') return { end: 'refused', banner: '' };
  const hooks = reply.hooks.map((hook) => ({ ...hook, packet: asReset(hook.packet) }));
  deliver(talk, { ...reply, hooks }, { ...wireOf(talk, reply, attempt), window: 0 });
  return { end: arrivalOf(reply) === null ? 'timed-out' : 'refused', banner: '' };
}

function asReset(packet: Packet): Packet {
  const { transport } = packet;
  return {
    ...packet,
    uid: null,
    gid: null,
    transport: transport.kind === 'tcp' ? { ...transport, flags: 0x14 } : transport,
  };
}

/** The rule's error, if it sent one and that came through. */
function deliverError(talk: Talk, answers: readonly PacketTrace[]): Connection {
  const error = answers.find(({ packet }) => packet === 'error');
  if (error === undefined) return { end: 'timed-out', banner: '' };
  deliver(talk, error, wireOf(talk, error, 0));
  const arrived = arrivalOf(error);
  return { end: arrived === null ? 'timed-out' : endOfError(arrived.transport), banner: '' };
}

function endOfError(transport: Transport): Connection['end'] {
  if (transport.kind === 'tcp') return 'refused';
  const portCode = transport.kind === 'icmp' ? 3 : 4;
  return 'code' in transport && transport.code === portCode ? 'refused' : 'unreachable';
}

/** A sender of datagrams is told at once that its packet was not let out. */
function isSocketTold({ protocol }: Conversation, request: PacketTrace): boolean {
  const last = request.hooks.at(-1)?.hook;
  return protocol !== 'tcp' && (last === 'output' || last === 'postrouting');
}

/** What leaves the server meets the rules of OUTPUT; who answers out there is the scenario's to say. */
function exchangeOutside(talk: Talk, attempt: number): Connection {
  const { server, conversation } = talk;
  const packet = outgoing(conversation);
  const trace = evaluatePacket(server.kernel.ruleset(), packet, 'output', surroundingsOf(server, null), ETH0);
  const wire: Wire = { id: talk.id + attempt, flowLabel: talk.flowLabel, window: 64_240, sequence: 1, embedded: null };
  deliver(talk, { packet: 'request', hooks: [trace] }, wire);
  if (trace.verdict === 'drop' || trace.verdict === 'reject') {
    if (conversation.protocol !== 'tcp') return { end: 'not-permitted', banner: '' };
    return { end: trace.verdict === 'drop' ? 'timed-out' : 'refused', banner: '' };
  }
  const { destination, destinationPort } = conversation;
  const answers = conversation.protocol === 'icmp' || server.outside.has(`${destination}:${destinationPort}`);
  return { end: answers ? 'connected' : 'timed-out', banner: '' };
}

function outgoing({ protocol, source, destination, sourcePort, destinationPort, uid }: Conversation): Packet {
  const family = destination.includes(':') ? 'ip6' : 'ip';
  const transport: Transport =
    protocol === 'icmp'
      ? { kind: family === 'ip' ? 'icmp' : 'icmpv6', type: family === 'ip' ? 8 : 128, code: 0, id: 1 }
      : { kind: protocol, sourcePort, destinationPort, flags: 2 };
  const addresses = { source: parseAddress(source), destination: parseAddress(destination) };
  const conntrack = { state: 'new', direction: 'original', mark: 0, zone: 0, status: 0 } as const;
  return { family, ...addresses, transport, length: [60, 60], ttl: 64, uid, gid: uid, mark: 0, dscp: 0, conntrack };
}

/** Counts the packet in the rules it meets and writes what they log of it. */
function deliver({ server, device }: Talk, { hooks }: PacketTrace, wire: Wire): void {
  for (const hook of hooks) {
    for (const { log } of server.kernel.count(hook, lengthOf(hook.packet, wire))) {
      if (log.group === null) server.log.kernel(printPacket(hook, wire, log, device), log.level);
    }
  }
}

/** The packet as it came out of the last hook, or null where a rule stopped it. */
function arrivalOf({ hooks }: PacketTrace): Packet | null {
  const last = hooks.at(-1);
  return last === undefined || isStopped(last) ? null : last.packet;
}

function isStopped({ verdict }: HookTrace): boolean {
  return verdict === 'drop' || verdict === 'reject';
}

function wireOf(talk: Talk, { packet, hooks }: PacketTrace, attempt: number): Wire {
  const isIp6 = talk.conversation.destination.includes(':');
  const common = { flowLabel: talk.flowLabel, sequence: 1, embedded: null };
  switch (packet) {
    case 'request':
      return { ...common, id: talk.id + attempt, window: isIp6 ? 65_476 : 65_495 };
    case 'reply':
      return { ...common, id: 0, window: isIp6 ? 65_464 : 65_483, flowLabel: talk.flowLabel ^ 0x5a5a5 };
    case 'established-request':
    case 'established-reply':
      return { ...common, id: talk.id + 1 + attempt, window: 512 };
    case 'error': {
      const isReset = hooks[0]?.packet.transport.kind === 'tcp';
      return { ...common, id: isReset ? 0 : talk.id ^ 0x2b2b, window: 0, embedded: isReset ? null : requestOf(talk) };
    }
  }
}

/** The request as an ICMP error carries it. */
function requestOf(talk: Talk): KernelPacket {
  const wire = { id: talk.id, flowLabel: talk.flowLabel, window: 65_495, sequence: 1, embedded: null };
  return toKernelPacket(outgoing(talk.conversation), wire);
}

function surroundingsOf({ addresses }: Server, service: Service | null): Surroundings {
  const serverUid = service?.uid ?? null;
  return { ownAddresses: ['127.0.0.1', '::1', ...addresses], serverUid, serverGid: serverUid };
}

function serviceAt(server: Server, { transport, destination }: Packet): Service | null {
  if (!('destinationPort' in transport) || destination === null) return null;
  return findService(server, transport.kind, formatAddress(destination), transport.destinationPort);
}

function findService({ services }: Server, protocol: string, address: string, port: number | null): Service | null {
  const any = address.includes(':') ? '::' : '0.0.0.0';
  const fits = (own: string) => own === address || own === any;
  return services.find((one) => one.protocol === protocol && one.port === port && fits(one.address)) ?? null;
}
