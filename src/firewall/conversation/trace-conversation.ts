// A whole conversation over lo: its packets one after the other through the hooks, and what becomes of it.

import type { Site } from '../evaluate/read-field.ts';
import { isFresh } from '../evaluate/run-rule.ts';
import { joinTri, mergeWorlds, sending, type Tri, type Tuple, type World } from '../evaluate/world.ts';
import { formatAddress, parseAddress } from '../model/address.ts';
import type { Ruleset } from '../model/model.ts';
import type { PacketHeaders } from '../model/packet.ts';
import { siteOf } from '../model/site.ts';
import { forgetUnconfirmed } from './conntrack.ts';
import { clientPacket, type Ends, PACKETS_OF, type Part, serverPacket } from './conversation-packets.ts';
import { errorPacket, mayBeUnanswered } from './error-packet.ts';
import { reversed } from './nat.ts';
import type { Conversation, Doubt, PacketTrace, RulePlace, SentAway, Stop, Surroundings, Trace } from './trace.ts';
import { type Journey, type Stopped, travel } from './travel.ts';

type Course = Ends & {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  readonly site: Omit<Site, 'hook'>;
  readonly packets: PacketTrace[];
  readonly stopped: Stopped[];
  /** Where a packet went to an end that doesn't wait for it: no rule stopped it, and the conversation is over nevertheless. */
  readonly astray: World[];
  /** Where NAT sent a packet off lo. */
  readonly away: World[];
  /** What the kernel had logged of the opening exchange, for each way it may have ended. */
  readonly lines: Tri[];
};

/**
 * Follows the conversation through all rules. Three-valued: `unknown` where the rules' answer depends on something that
 * neither they nor the surroundings say. Throws a RangeError for a conversation whose ends are no addresses of one family.
 */
export function traceConversation(ruleset: Ruleset, conversation: Conversation, surroundings: Surroundings): Trace {
  const source = parseAddress(conversation.source);
  const isToItself = conversation.destination === conversation.source;
  const destination = isToItself ? source : parseAddress(conversation.destination);
  if (source === null || destination === null || typeof source !== typeof destination) {
    throw new RangeError(`no conversation between ${conversation.source} and ${conversation.destination}`);
  }
  const course: Course = {
    ruleset,
    surroundings,
    site: siteOf(surroundings, [source, destination]),
    conversation,
    source,
    destination,
    packets: [],
    stopped: [],
    astray: [],
    away: [],
    lines: [],
  };
  const script = PACKETS_OF[conversation.protocol];
  let worlds: World[] = script.slice(0, 1).map((part) => freshWorld(course, part));
  for (const [index, part] of script.entries()) {
    if (worlds.length === 0) break;
    worlds = sendPart(course, part, index, worlds);
  }
  return conclude(course, worlds);
}

/** One packet in all worlds; returns the worlds in which the conversation goes on. */
function sendPart(course: Course, part: Part, index: number, worlds: readonly World[]): World[] {
  const { site } = course;
  const isLate = part.name !== 'request' && part.name !== 'reply';
  const sent = worlds.map((world) => nextWorld(course, part, world));
  const journey = travel(course.ruleset, { ...site, isLate }, index, sent);
  course.packets.push({ packet: part.name, hooks: journey.hooks });
  course.away.push(...journey.away);
  const ended = journey.stopped.map((stop) => stop.world);
  // The handshake's last packet is no request or reply, but the error about it belongs to the opening.
  const errors = sendErrors(course, index, journey, { ...site, isLate: isLate && !part.bare });
  const after = [...ended.filter((_, i) => !hasError(journey, i)), ...errors];
  if (!isLate || part.bare) course.lines.push(...[...after, ...journey.away].map(({ lines }) => lines));
  if (part.opens) course.lines.push(...journey.worlds.map(({ lines }) => lines));
  if (!part.bare) course.stopped.push(...journey.stopped.map((stop) => ({ ...stop, packet: part.name })));
  return part.bare
    ? mergeWorlds([...journey.worlds, ...surviveBare(course, part, index, journey)])
    : mergeWorlds(deliver(course, part, journey.worlds));
}

/** The worlds in which the packet came to the end that waits for it. NAT sends it elsewhere where it rewrites one direction only. */
function deliver(course: Course, part: Part, worlds: readonly World[]): World[] {
  if (part.name === 'request') return worlds.map((world) => ({ ...world, served: endsOf(world.packet) }));
  const arrived = worlds.filter((world) => {
    const awaited = part.from === 'client' ? world.served : reversed(endsOf(clientPacket(course, part)));
    return awaited === undefined || isSameEnds(endsOf(world.packet), awaited);
  });
  const astray = worlds.filter((world) => !arrived.includes(world));
  course.astray.push(...astray);
  // The exchange that it should have been part of ends here.
  if (part.name === 'reply' && !part.opens) course.lines.push(...astray.map(({ lines }) => lines));
  return arrived;
}

function endsOf({ source, destination, transport }: PacketHeaders): Tuple {
  const ports = 'sourcePort' in transport ? transport : { sourcePort: null, destinationPort: null };
  return { source, sourcePort: ports.sourcePort, destination, destinationPort: ports.destinationPort };
}

/** What is not known counts as the same: where it matters, a doubt was raised when it became so. */
function isSameEnds(one: Tuple, other: Tuple): boolean {
  return (Object.keys(one) as (keyof Tuple)[]).every(
    (end) => one[end] === null || other[end] === null || one[end] === other[end],
  );
}

function hasError({ stopped }: Journey, index: number): boolean {
  const stop = stopped[index];
  return stop !== undefined && errorPacket(stop) !== null && !mayBeUnanswered(stop);
}

/** The errors that REJECT sends about stopped packets, and about those errors; returns the worlds after them. */
function sendErrors(course: Course, index: number, journey: Journey, site: Omit<Site, 'hook'>, depth = 0): World[] {
  const errors = journey.stopped.map(errorPacket).filter((world) => world !== null);
  if (errors.length === 0 || depth > 1) return [];
  const errorJourney = travel(course.ruleset, site, index, mergeWorlds(errors));
  course.packets.push({ packet: 'error', hooks: errorJourney.hooks });
  const ended = errorJourney.stopped.filter((stop) => errorPacket(stop) === null).map(({ world }) => world);
  return [...errorJourney.worlds, ...ended, ...sendErrors(course, index, errorJourney, site, depth + 1)];
}

const LOST_ACKNOWLEDGEMENT = 'a lost acknowledgement';

/** A lost bare acknowledgement: the conversation ends where the server speaks first, and goes on where the client does. */
function surviveBare(course: Course, part: Part, index: number, { stopped }: Journey): World[] {
  return stopped.map((stop) => {
    const doubt: Doubt = {
      rule: stop.rule,
      what: LOST_ACKNOWLEDGEMENT,
      settledBy: 'whether the client or the server speaks first',
      limit: false,
    };
    const assuming = (holds: boolean): World => ({
      ...stop.world,
      assumptions: [...stop.world.assumptions, { doubt, packet: index, holds, fresh: true }],
    });
    course.stopped.push({ ...stop, world: assuming(true), packet: part.name });
    return assuming(false);
  });
}

function freshWorld(course: Course, part: Part): World {
  const packet = clientPacket(course, part);
  return { packet, zone: 0, track: { kind: 'none' }, connections: [], lines: 'no', notes: 'no', assumptions: [] };
}

/** The world at the moment when the part's packet is sent. */
function nextWorld(course: Course, part: Part, world: World): World {
  const packet =
    part.from === 'client' ? clientPacket(course, part) : serverPacket(course, part, world.packet, course.surroundings);
  return sending(forgetUnconfirmed(world), packet, { kind: 'none' });
}

function conclude(course: Course, survivors: readonly World[]): Trace {
  const { conversation, stopped, astray, away, packets } = course;
  const outcome = outcomeOf(course, survivors);
  const logged = course.lines.reduce(joinTri);
  const fresh = stopped.filter(({ world }) => isFresh(world));
  const stop = fresh.find(isSure) ?? fresh[0] ?? stopped[0];
  const assumed = [...stopped.map(({ world }) => world), ...astray, ...away, ...survivors].flatMap(({ assumptions }) =>
    assumptions.map(({ doubt }) => doubt),
  );
  const writing = packets.flatMap(({ hooks }) => hooks.flatMap(({ logs }) => logs.flatMap(({ doubts }) => doubts)));
  return {
    conversation,
    outcome,
    sentAway: outcome === 'leaves' ? listAway(away) : [],
    logged,
    stoppedAt: outcome === 'blocked' && stop ? stopOf(stop) : null,
    unknown: distinct(outcome === 'unknown' ? assumed : logged === 'maybe' ? [...writing, ...assumed] : []),
    packets,
  };
}

function outcomeOf({ stopped, astray, away }: Course, survivors: readonly World[]): Trace['outcome'] {
  const ends: readonly (readonly [Trace['outcome'], number])[] = [
    ['works', survivors.length],
    ['leaves', away.length],
    ['blocked', stopped.length + astray.length],
  ];
  const met = ends.filter(([, worlds]) => worlds > 0);
  return met.length === 1 && met[0] !== undefined ? met[0][0] : 'unknown';
}

function listAway(away: readonly World[]): SentAway[] {
  const listed = away.flatMap(({ packet, away: rule }): SentAway[] => {
    if (rule === undefined) return [];
    const { destination, transport } = packet;
    const port = 'destinationPort' in transport ? transport.destinationPort : null;
    return [{ address: destination === null ? null : formatAddress(destination), port, rule }];
  });
  return [...new Map(listed.map((one) => [`${one.address} ${one.port}`, one])).values()];
}

/** Whether the rule stops whatever comes to it. One that only may do so is not named where a later one stops the packet for sure. */
function isSure({ world, rule }: Stopped): boolean {
  return !world.assumptions.some(({ doubt, holds }) => holds && isSameRule(doubt.rule, rule));
}

function isSameRule(one: RulePlace, other: RulePlace): boolean {
  const layers = one.layer === other.layer && one.variant === other.variant && one.family === other.family;
  return layers && one.table === other.table && one.chain === other.chain && one.number === other.number;
}

function stopOf({ packet, hook, rule, verdict }: Stopped): Stop {
  return { packet: packet ?? 'request', hook, rule, verdict: verdict.kind };
}

/** Each doubt once. Who speaks first is only asked where nothing else is unknown about the rule that makes it matter. */
function distinct(doubts: readonly Doubt[]): Doubt[] {
  const seen = new Map<string, Doubt>();
  const others = doubts.filter(({ what }) => what !== LOST_ACKNOWLEDGEMENT);
  for (const doubt of others.length > 0 ? others : doubts) {
    const { layer, variant, family, table, chain, number } = doubt.rule;
    const key = [layer, variant, family, table, chain, number, doubt.what].join('\n');
    if (!seen.has(key)) seen.set(key, doubt);
  }
  return [...seen.values()];
}
