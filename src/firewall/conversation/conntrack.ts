// Connection tracking as the kernel does it for packets on lo: found or made in OUTPUT, confirmed once the packet got through.

import {
  type Assumption,
  type Connection,
  connectionOf,
  type Track,
  type Tuple,
  type World,
  withConnection,
} from '../evaluate/world.ts';
import type { Owner } from '../model/model.ts';
import { protocolOf, type Transport, type Zone } from '../model/packet.ts';
import { reversed } from './nat.ts';
import type { Doubt } from './trace.ts';

const SEEN_REPLY = 2;
const ASSURED = 4;
const CONFIRMED = 8;
const SYN = 2;
const RST = 4;
const ACK = 16;
const ECHO_REQUEST = { icmp: 8, icmpv6: 128 };
const ECHO_REPLY = { icmp: 0, icmpv6: 129 };

/**
 * Gives the packet its connection, unless it has one already (in PREROUTING it still has that of OUTPUT) or is not to be tracked. Where
 * a zone is not known it may have that connection or not. `packet` is its number in the conversation.
 */
export function track(world: World, packet: number): World[] {
  if (world.track.kind === 'tracked' || world.track.kind === 'untracked') return [world];
  const tuple = tupleOf(world);
  if (!tuple) return [invalid(world)];
  const ways: World[] = [];
  let other = world;
  for (const [index, connection] of world.connections.entries()) {
    if ((connection.status & CONFIRMED) === 0) continue;
    const doubt = doubtOfZones(world.zone, connection.zone);
    if (doubt === null && world.zone !== connection.zone) continue;
    const assuming = (holds: boolean): World =>
      doubt === null ? other : assumeOne(other, { doubt, packet, holds, fresh: true });
    const way = trackAs(assuming(true), index, connection, tuple);
    if (way === null) continue;
    ways.push(way);
    if (doubt === null) return ways;
    other = assuming(false);
  }
  return [...ways, startsConnection(world.packet.transport) ? begin(other, tuple) : invalid(other)];
}

/** What makes it unknown whether two zones are the same one. */
function doubtOfZones(one: Zone, other: Zone): Doubt | null {
  return typeof one === 'number' ? (typeof other === 'number' ? null : other) : one;
}

function assumeOne(world: World, assumption: Assumption): World {
  return { ...world, assumptions: [...world.assumptions, assumption] };
}

/** The packet as part of the connection; null where it is none. */
function trackAs(world: World, index: number, connection: Connection, tuple: Tuple): World | null {
  const { transport } = world.packet;
  if (!isEchoReply(transport) && sameTuple(connection.original, tuple))
    return isOutOfTurn(transport, connection) ? invalid(world) : found(world, index, 'original', connection);
  if (!isEchoRequest(transport) && sameTuple(connection.reply, tuple)) return found(world, index, 'reply', connection);
  return null;
}

function begin(world: World, tuple: Tuple): World {
  const connection: Connection = {
    original: tuple,
    reply: reversed(tuple),
    protocol: protocolOf(world.packet.transport),
    bySyn: world.packet.transport.kind === 'tcp' && (world.packet.transport.flags & SYN) !== 0,
    zone: world.zone,
    mark: 0,
    status: 0,
    destinationDone: false,
    sourceDone: false,
  };
  const connections = [...world.connections, connection];
  return {
    ...world,
    connections,
    track: { kind: 'tracked', connection: connections.length - 1, state: 'new', direction: 'original' },
  };
}

/**
 * What the client sends after its SYN counts as invalid as long as no reply was seen: where replies are not tracked
 * (tcp_conntracks[] in nf_conntrack_proto_tcp.c, state SYN_SENT).
 */
function isOutOfTurn(transport: Transport, { bySyn, status }: Connection): boolean {
  if (transport.kind !== 'tcp' || !bySyn || (status & SEEN_REPLY) !== 0) return false;
  return (transport.flags & RST) === 0 && (transport.flags & (SYN | ACK)) !== SYN;
}

/** Such a packet is looked at again in PREROUTING, and its zone is no longer known there. */
function invalid(world: World): World {
  return { ...world, zone: 0, track: { kind: 'invalid' } };
}

/** Whether raw rules of that layer may still decide how the packet is tracked. */
export function isUntouched({ track: { kind } }: World, layer: Owner['layer']): boolean {
  return kind === 'none' || kind === 'invalid' || (kind === 'stray' && layer === 'nftables');
}

/** At the end of POSTROUTING (or INPUT) a new connection is entered in the table. */
export function confirm(world: World): World {
  const connection = connectionOf(world);
  if (!connection || world.track.kind !== 'tracked' || world.track.direction === 'reply') return world;
  return (connection.status & CONFIRMED) === 0
    ? withConnection(world, { status: connection.status | CONFIRMED })
    : world;
}

/** Forgets the connection of a packet that was dropped before it was confirmed. */
export function forgetUnconfirmed(world: World): World {
  return { ...world, connections: world.connections.filter(({ status }) => (status & CONFIRMED) !== 0) };
}

/**
 * The track of an error packet about this one: it is related to the same connection, in the opposite direction. A reset about a packet
 * without a connection gets a state without a connection (nf_conntrack_attach), which xt_ct_target takes for seen and nft_notrack_eval doesn't.
 */
export function relatedTrack(world: World, error: Transport): Track {
  if (world.track.kind !== 'tracked') return { kind: error.kind === 'tcp' ? 'stray' : 'none' };
  return { ...world.track, state: 'related', direction: world.track.direction === 'original' ? 'reply' : 'original' };
}

function found(world: World, index: number, direction: 'original' | 'reply', { status }: Connection): World {
  const established = direction === 'reply' || (status & SEEN_REPLY) !== 0;
  const tracked: World = {
    ...world,
    track: { kind: 'tracked', connection: index, state: established ? 'established' : 'new', direction },
  };
  if (direction === 'reply') return withConnection(tracked, { status: status | SEEN_REPLY });
  const assures = world.packet.transport.kind === 'tcp' && (status & SEEN_REPLY) !== 0;
  return assures ? withConnection(tracked, { status: status | ASSURED }) : tracked;
}

/** The packet's tuple; for echoes the id stands for both ports. Null for ICMP that is no echo: an error without its connection. */
function tupleOf({ packet }: World): Tuple | null {
  const { source, destination, transport } = packet;
  switch (transport.kind) {
    case 'tcp':
    case 'udp':
      return { source, sourcePort: transport.sourcePort, destination, destinationPort: transport.destinationPort };
    case 'icmp':
    case 'icmpv6': {
      if (!isEchoRequest(transport) && !isEchoReply(transport)) return null;
      return { source, sourcePort: transport.id, destination, destinationPort: transport.id };
    }
  }
}

/** TCP: a SYN, or (nf_conntrack_tcp_loose) a later packet; never SYN+ACK or RST. ICMP: a request. */
function startsConnection(transport: Transport): boolean {
  switch (transport.kind) {
    case 'udp':
      return true;
    case 'tcp':
      return (transport.flags & RST) === 0 && (transport.flags & (SYN | ACK)) !== (SYN | ACK);
    case 'icmp':
    case 'icmpv6':
      return isEchoRequest(transport);
  }
}

/** The type is part of an echo's tuple: a ping to oneself looks the same both ways but for it. */
function isEchoRequest(transport: Transport): boolean {
  return (transport.kind === 'icmp' || transport.kind === 'icmpv6') && transport.type === ECHO_REQUEST[transport.kind];
}

function isEchoReply(transport: Transport): boolean {
  return (transport.kind === 'icmp' || transport.kind === 'icmpv6') && transport.type === ECHO_REPLY[transport.kind];
}

function sameTuple(one: Tuple, other: Tuple): boolean {
  return (
    one.source === other.source &&
    one.destination === other.destination &&
    one.sourcePort === other.sourcePort &&
    one.destinationPort === other.destinationPort
  );
}
