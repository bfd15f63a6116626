// NAT as the kernel does it for what a host sends to itself (nf_nat_core.c): decided once a connection, undone on replies.

import { evaluateOperand } from '../evaluate/evaluate-operand.ts';
import { UNKNOWN } from '../evaluate/read-field.ts';
import type { RuleSite } from '../evaluate/run-rule.ts';
import { type Connection, connectionOf, type Tuple, type World, withConnection } from '../evaluate/world.ts';
import { formatAddress, isLoopbackAddress } from '../model/address.ts';
import type { Hook } from '../model/model.ts';
import type { Address, Transport } from '../model/packet.ts';
import { placeOf } from '../model/rule-place.ts';
import type { Nat, Verdict } from '../model/steps.ts';
import { leavesHost } from './leaves-host.ts';

/** Which half of NAT a hook decides. */
export function natSide(hook: Hook): 'destination' | 'source' {
  return hook === 'output' || hook === 'prerouting' ? 'destination' : 'source';
}

/** Notes that the hook's half was decided: by a rule, or by having none. */
export function natDecided(world: World, hook: Hook): World {
  const connection = connectionOf(world);
  if (natSide(hook) === 'destination')
    return connection?.destinationDone ? world : withConnection(world, { destinationDone: true });
  return connection?.sourceDone ? world : withConnection(world, { sourceDone: true });
}

/**
 * Rewrites the connection and its packet; the rule ends with accept. A target that is not known (a range of ports, an address out of
 * several) leaves that part unknown. A destination that is not the host's own takes the packet off lo behind this hook (measured: the hook itself
 * still sees OUT=lo); such a source takes the replies off lo, which is no verdict we know.
 */
export function applyNat(at: RuleSite, world: World, nat: Nat): { world: World; verdict: Verdict } | null {
  const connection = connectionOf(world);
  if (!connection) return { world, verdict: { kind: 'accept' } };
  const side = nat.nat === 'dnat' || nat.nat === 'redirect' ? 'destination' : 'source';
  if (side !== natSide(at.site.hook)) return { world, verdict: { kind: 'accept' } };
  const address = newAddress(at, world, nat);
  const port = newPort(at, world, nat);
  if (address === undefined || port === undefined) return null;
  if (address === 'none') return { world, verdict: { kind: 'drop' } };
  const given = nat.nat === 'dnat' || nat.nat === 'snat';
  const done = rewrite(world, connection, side, address, port);
  const leaves = given && address !== 'same' ? leavesHost(at, nat, address) : 'no';
  if (leaves === 'yes' && side === 'destination')
    return { world: { ...done, away: placeOf(at.table, at.chain, at.rule) }, verdict: { kind: 'accept' } };
  if (leaves !== 'no' && address !== 'same') {
    return {
      world: done,
      verdict: { kind: 'unknown', what: leaving(nat, address), settledBy: 'what the host it is sent to does' },
    };
  }
  return { world: done, verdict: { kind: 'accept' } };
}

/** Makes the packet's addresses what its connection says at this hook; on replies, the other way round. */
export function applyBindings(world: World, hook: Hook): World {
  const { track } = world;
  const connection = connectionOf(world);
  if (!connection || track.kind !== 'tracked') return world;
  const { original, reply } = connection;
  const wire = track.direction === 'original' ? reversed(reply) : reversed(original);
  const { packet } = world;
  if (natSide(hook) === 'destination') {
    const { destination } = wire;
    const transport = withPort(packet.transport, 'destinationPort', wire.destinationPort);
    const isSame = packet.destination === destination && packet.transport === transport;
    return isSame ? world : { ...world, packet: { ...packet, destination, transport } };
  }
  const { source } = wire;
  const transport = withPort(packet.transport, 'sourcePort', wire.sourcePort);
  const isSame = packet.source === source && packet.transport === transport;
  return isSame ? world : { ...world, packet: { ...packet, source, transport } };
}

/** The tuple of the opposite direction. */
export function reversed({ source, sourcePort, destination, destinationPort }: Tuple): Tuple {
  return { source: destination, sourcePort: destinationPort, destination: source, destinationPort: sourcePort };
}

function rewrite(
  world: World,
  { reply, status }: Connection,
  side: 'destination' | 'source',
  address: Address | null | 'same',
  port: number | null | 'same',
): World {
  const changed: Tuple =
    side === 'destination'
      ? {
          ...reply,
          source: address === 'same' ? reply.source : address,
          sourcePort: port === 'same' ? reply.sourcePort : port,
        }
      : {
          ...reply,
          destination: address === 'same' ? reply.destination : address,
          destinationPort: port === 'same' ? reply.destinationPort : port,
        };
  const same = (Object.keys(reply) as (keyof Tuple)[]).every((key) => reply[key] === changed[key]);
  const bit = side === 'destination' ? DNAT_STATUS : SNAT_STATUS;
  return withConnection(world, { reply: changed, status: same ? status : status | bit });
}

const SNAT_STATUS = 16;
const DNAT_STATUS = 32;

/** The address: unchanged, known, null for not known, `none` where the kernel finds none and drops, undefined where the rule is not met. */
function newAddress(at: RuleSite, { packet, ...rest }: World, nat: Nat): Address | null | 'same' | 'none' | undefined {
  switch (nat.nat) {
    case 'redirect':
      return packet.family === 'ip' ? 0x7f000001 : 1n;
    case 'masquerade':
      return masqueradeAddress(at, packet);
    case 'dnat':
    case 'snat': {
      const { address } = nat;
      if (address === null) return 'same';
      if (address.kind === 'range') return address.from === address.to ? address.from : null;
      const value = evaluateOperand({ packet, ...rest }, at.site, at.table, address);
      if (value === undefined) return undefined;
      return value === UNKNOWN || typeof value === 'string' ? null : value;
    }
  }
}

/** IPv4 takes a global address, if need be of another device, lo's own being of host scope only; IPv6 the best source for the destination, its own. */
function masqueradeAddress(
  { site: { own } }: RuleSite,
  { family, destination }: World['packet'],
): Address | null | 'none' {
  if (family === 'ip6') return destination;
  if (own === null) return null;
  const others = [...own].filter((address) => typeof address === 'number' && !isLoopbackAddress(address));
  const [only] = others;
  return only === undefined ? 'none' : others.length === 1 ? only : null;
}

function newPort(at: RuleSite, world: World, { port }: Nat): number | null | 'same' | undefined {
  if (port === null) return 'same';
  if (port.kind === 'range') return port.from === port.to ? port.from : null;
  const value = evaluateOperand(world, at.site, at.table, port);
  if (value === undefined) return undefined;
  return typeof value === 'number' ? value : null;
}

function leaving(nat: Nat, address: Address | null): string {
  return `${nat.nat} to ${address === null ? 'an address that is not known' : formatAddress(address)}, which may be off this host`;
}

function withPort(transport: Transport, end: 'sourcePort' | 'destinationPort', port: number | null): Transport {
  if (!('sourcePort' in transport) || transport[end] === port) return transport;
  return { ...transport, [end]: port };
}
