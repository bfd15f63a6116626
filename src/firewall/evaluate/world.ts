// One way that things may be while a packet travels: the packet, its connection, and what was assumed to get here.

import type { Doubt, RulePlace } from '../conversation/trace.ts';
import type { Noted } from '../facts/answer-question.ts';
import type { Hook } from '../model/model.ts';
import type { Address, PacketHeaders, Zone } from '../model/packet.ts';

/** What is unknown about a condition; `fresh` is its answer for the first packet after the rules were loaded. */
export type Uncertainty = {
  readonly what: string;
  readonly settledBy: string;
  readonly limit: boolean;
  readonly fresh: 'yes' | 'no' | 'unknown';
};

/** The sender's and receiver's end as the packet's headers name them; ports are ICMP's id for echoes. */
export type Tuple = {
  readonly source: Address | null;
  readonly sourcePort: number | null;
  readonly destination: Address | null;
  readonly destinationPort: number | null;
};

/** A conntrack entry. `reply` is what replies look like on the wire; the flags say which half of NAT was decided. */
export type Connection = {
  readonly original: Tuple;
  readonly reply: Tuple;
  readonly protocol: number;
  /** It began with a SYN, not in its midst. */
  readonly bySyn: boolean;
  readonly zone: Zone;
  readonly mark: number | null;
  readonly status: number;
  readonly destinationDone: boolean;
  readonly sourceDone: boolean;
};

/** How conntrack sees the packet; `connection` is an index into the world's connections. `none`: not yet seen; `template`: not yet
 * seen, but given its zone, which matches read as a new connection; `stray`: not yet seen, though iptables' CT takes it for seen. */
export type Track =
  | { readonly kind: 'none' | 'template' | 'stray' | 'untracked' | 'invalid' }
  | {
      readonly kind: 'tracked';
      readonly connection: number;
      readonly state: 'new' | 'established' | 'related';
      readonly direction: 'original' | 'reply';
    };

export type Tri = 'yes' | 'no' | 'maybe';

/** An assumption about an unknown condition, for one packet of the conversation. `fresh`: the first packet would meet it so. */
export type Assumption = {
  readonly doubt: Doubt;
  readonly packet: number;
  readonly holds: boolean;
  readonly fresh: boolean;
};

/** Immutable; whoever changes something makes a new world. */
export type World = {
  readonly packet: PacketHeaders;
  /** The zone that raw rules chose for the packet. */
  readonly zone: Zone;
  readonly track: Track;
  readonly connections: readonly Connection[];
  /** Where the packet's type was set last; the doubt names the rule, and is one where the type is not known. */
  readonly typedBy?: { readonly hook: Hook; readonly doubt: Doubt };
  /** Was a kernel line written; was anything logged at all, NFLOG included. */
  readonly lines: Tri;
  readonly notes: Tri;
  readonly assumptions: readonly Assumption[];
  /** The ends of the request as the server got it, by which its socket knows what belongs to the conversation. */
  readonly served?: Tuple;
  /** What its packets have written into sets and lists so far. */
  readonly noted?: readonly Noted[];
  /** The NAT rule that gave the packet a destination off this host: behind the hook it travels by another interface than lo. */
  readonly away?: RulePlace;
};

/** The world in which the packet is sent: what was tied to the one before it is gone. */
export function sending({ typedBy: _typedBy, ...world }: World, packet: PacketHeaders, track: Track): World {
  return { ...world, packet, zone: 0, track };
}

/** The connection of the world's packet, or null where it has none. */
export function connectionOf(world: World): Connection | null {
  return world.track.kind === 'tracked' ? (world.connections[world.track.connection] ?? null) : null;
}

/** The same world with its packet's connection changed. */
export function withConnection(world: World, change: Partial<Connection>): World {
  const { track } = world;
  if (track.kind !== 'tracked') return world;
  const connections = world.connections.map((connection, index) =>
    index === track.connection ? { ...connection, ...change } : connection,
  );
  return { ...world, connections };
}

/** From so many worlds on, marks and the like that differ between them are given up as unknown: more worlds would cost more than they tell. */
const MOST_WORLDS = 16;

/**
 * Joins worlds that can no longer be told apart: what they assumed differently doesn't matter any more, except to whether
 * something was logged. Keeps the order of first appearance.
 */
export function mergeWorlds(worlds: readonly World[]): World[] {
  if (worlds.length < 2) return [...worlds];
  const merged = mergeTwins(worlds);
  if (merged.length <= MOST_WORLDS) return merged;
  const stores = new Set(merged.flatMap(({ noted = [] }) => noted.map(({ store }) => store)));
  return mergeTwins(merged.map((world) => blur(world, stores)));
}

function mergeTwins(worlds: readonly World[]): World[] {
  const merged: World[] = [];
  for (const world of worlds) {
    const twin = merged.findIndex((other) => sameState(other, world));
    const found = merged[twin];
    if (found) merged[twin] = join(found, world);
    else merged.push(world);
  }
  return merged;
}

const UNKNOWN_NUMBERS = { mark: null, priority: null, dscp: null, ecn: null, ttl: null };

/** The world with everything unknown that rules can set to any number. */
function blur(world: World, stores: ReadonlySet<string>): World {
  const connections = world.connections.map((connection) => ({ ...connection, mark: null }));
  const noted = [...stores].map((store): Noted => ({ store, key: null, does: 'add' }));
  return { ...world, packet: { ...world.packet, ...UNKNOWN_NUMBERS }, connections, noted };
}

function join(one: World, other: World): World {
  const shared = one.assumptions.filter((a) =>
    other.assumptions.some((b) => a === b || (a.doubt === b.doubt && a.packet === b.packet && a.holds === b.holds)),
  );
  return {
    ...one,
    lines: joinTri(one.lines, other.lines),
    notes: joinTri(one.notes, other.notes),
    assumptions: shared,
  };
}

/** What holds where one of two things does. */
export function joinTri(one: Tri, other: Tri): Tri {
  return one === other ? one : 'maybe';
}

function sameState(one: World, other: World): boolean {
  return (
    same(one.zone, other.zone) &&
    same(one.packet, other.packet) &&
    same(one.typedBy, other.typedBy) &&
    same(one.track, other.track) &&
    same(one.served, other.served) &&
    same(one.noted, other.noted) &&
    same(one.away, other.away) &&
    one.connections.length === other.connections.length &&
    one.connections.every((connection, index) => same(connection, other.connections[index]))
  );
}

/** Deep equality of plain values. */
function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const entries = Object.entries(one);
  const others = new Map(Object.entries(other));
  return entries.length === others.size && entries.every(([key, value]) => same(value, others.get(key)));
}
