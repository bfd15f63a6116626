// A whole conversation over lo: its packets one after the other through the hooks, and what becomes of it.
import { parseAddress } from './address.ts';
import { forgetUnconfirmed } from './conntrack.ts';
import { errorPacket } from './error-packet.ts';
import type { Ruleset } from './model.ts';
import { reversed } from './nat.ts';
import type { Address, Packet, Transport } from './packet.ts';
import { isFresh } from './run-rule.ts';
import { siteOf } from './site.ts';
import type { Conversation, Doubt, PacketName, PacketTrace, Stop, Surroundings, Trace } from './trace.ts';
import { type Journey, type Stopped, travel } from './travel.ts';
import { joinTri, mergeWorlds, type Tri, type Tuple, type World } from './world.ts';

/** One packet of the script. A lost bare acknowledgement only matters to servers that speak first. */
type Part = {
  readonly name: Exclude<PacketName, 'error'>;
  readonly from: 'client' | 'server';
  readonly flags: number;
  readonly bare: boolean;
};

type Course = {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  readonly conversation: Conversation;
  readonly source: Address;
  readonly destination: Address;
  readonly packets: PacketTrace[];
  readonly stopped: Stopped[];
  /** Where a packet went to an end that doesn't wait for it: no rule stopped it, and the conversation is over nevertheless. */
  readonly astray: World[];
  /** What the kernel had logged of the opening exchange, for each way it may have ended. */
  readonly lines: Tri[];
};

const SYN = 2;
const PSH = 8;
const ACK = 16;

/** Request, reply, and the rest: for TCP the handshake's last packet and data both ways, else another round. */
const SCRIPT: Readonly<Record<Conversation['protocol'], readonly Part[]>> = {
  tcp: [
    { name: 'request', from: 'client', flags: SYN, bare: false },
    { name: 'reply', from: 'server', flags: SYN | ACK, bare: false },
    { name: 'established-request', from: 'client', flags: ACK, bare: true },
    { name: 'established-request', from: 'client', flags: PSH | ACK, bare: false },
    { name: 'established-reply', from: 'server', flags: PSH | ACK, bare: false },
  ],
  udp: rounds(),
  icmp: rounds(),
};

/**
 * Follows the conversation through all rules. Three-valued: `unknown` where the rules' answer depends on something that
 * neither they nor the surroundings say. Throws a RangeError for a conversation whose ends are no addresses of one family.
 */
export function traceConversation(ruleset: Ruleset, conversation: Conversation, surroundings: Surroundings): Trace {
  const source = parseAddress(conversation.source);
  const destination = parseAddress(conversation.destination);
  if (source === null || destination === null || typeof source !== typeof destination) {
    throw new RangeError(`no conversation between ${conversation.source} and ${conversation.destination}`);
  }
  const course: Course = {
    ruleset,
    surroundings,
    conversation,
    source,
    destination,
    packets: [],
    stopped: [],
    astray: [],
    lines: [],
  };
  let worlds: World[] = [freshWorld(course)];
  for (const [index, part] of SCRIPT[conversation.protocol].entries()) {
    if (worlds.length === 0) break;
    worlds = sendPart(course, part, index, worlds);
  }
  return conclude(course, worlds);
}

function rounds(): readonly Part[] {
  const part = (name: Part['name'], from: Part['from']): Part => ({ name, from, flags: 0, bare: false });
  return [
    part('request', 'client'),
    part('reply', 'server'),
    part('established-request', 'client'),
    part('established-reply', 'server'),
  ];
}

/** One packet in all worlds; returns the worlds in which the conversation goes on. */
function sendPart(course: Course, part: Part, index: number, worlds: readonly World[]): World[] {
  const site = siteOf(course.surroundings, [course.source, course.destination]);
  const opening = part.name === 'request' || part.name === 'reply';
  const sent = worlds.map((world) => nextWorld(course, part, world));
  const journey = travel(course.ruleset, site, index, sent);
  course.packets.push({ packet: part.name, hooks: journey.hooks });
  const ended = journey.stopped.map((stop) => stop.world);
  const after = [...ended.filter((_, i) => !hasError(journey, i)), ...sendErrors(course, index, journey, site)];
  if (opening) course.lines.push(...after.map(({ lines }) => lines));
  if (part.name === 'reply') course.lines.push(...journey.worlds.map(({ lines }) => lines));
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
  course.astray.push(...worlds.filter((world) => !arrived.includes(world)));
  return arrived;
}

function endsOf({ source, destination, transport }: Headers): Tuple {
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
  return stop !== undefined && errorPacket(stop) !== null;
}

/** The errors that REJECT sends about stopped packets, and about those errors; returns the worlds after them. */
function sendErrors(
  course: Course,
  index: number,
  journey: Journey,
  site: ReturnType<typeof siteOf>,
  depth = 0,
): World[] {
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

function freshWorld(course: Course): World {
  const packet = clientPacket(course, { name: 'request', from: 'client', flags: SYN, bare: false });
  return { packet, zone: 0, track: { kind: 'none' }, connections: [], lines: 'no', notes: 'no', assumptions: [] };
}

/** The world at the moment when the part's packet is sent. */
function nextWorld(course: Course, part: Part, world: World): World {
  const packet = part.from === 'client' ? clientPacket(course, part) : serverPacket(course, part, world);
  return { ...forgetUnconfirmed(world), packet, zone: 0, track: { kind: 'none' } };
}

type Headers = Omit<Packet, 'conntrack'>;

function clientPacket({ conversation, source, destination }: Course, part: Part): Headers {
  const { sourcePort, destinationPort, uid, gid = null } = conversation;
  return {
    ...common(conversation, source, part),
    source,
    destination,
    transport: transportOf(conversation, source, part, { from: sourcePort, to: destinationPort }),
    uid,
    gid: gid ?? 'unknown',
  };
}

/** Answers the packet that was delivered last, as its headers came out of NAT. */
function serverPacket({ conversation, source, surroundings }: Course, part: Part, { packet }: World): Headers {
  const { transport } = packet;
  const ports =
    'sourcePort' in transport
      ? { from: transport.destinationPort, to: transport.sourcePort }
      : { from: null, to: null };
  const byKernel = conversation.protocol === 'icmp';
  return {
    ...common(conversation, source, part),
    source: packet.destination,
    destination: packet.source,
    transport: transportOf(conversation, source, part, ports),
    uid: byKernel ? null : (surroundings.serverUid ?? 'unknown'),
    gid: byKernel ? null : (surroundings.serverGid ?? 'unknown'),
  };
}

function common({ protocol }: Conversation, source: Address, { flags }: Part) {
  const family: 'ip' | 'ip6' = typeof source === 'number' ? 'ip' : 'ip6';
  const header = family === 'ip' ? 20 : 40;
  const least = protocol === 'tcp' ? 20 : 8;
  const most = protocol === 'tcp' && (flags & PSH) === 0 ? header + 60 : 65535;
  const length: readonly [number, number] = [header + least + ((flags & PSH) !== 0 ? 1 : 0), most];
  return { family, length, ttl: 64, dscp: 0, mark: 0 };
}

function transportOf(
  { protocol, sourcePort }: Conversation,
  source: Address,
  { from, flags }: Part,
  ports: { from: number | null; to: number | null },
): Transport {
  if (protocol === 'tcp') return { kind: 'tcp', sourcePort: ports.from, destinationPort: ports.to, flags };
  if (protocol === 'udp') return { kind: 'udp', sourcePort: ports.from, destinationPort: ports.to };
  const id = sourcePort ?? 1;
  return typeof source === 'number'
    ? { kind: 'icmp', type: from === 'client' ? 8 : 0, code: 0, id }
    : { kind: 'icmpv6', type: from === 'client' ? 128 : 129, code: 0, id };
}

function conclude(course: Course, survivors: readonly World[]): Trace {
  const { conversation, stopped, astray, packets } = course;
  const outcome = stopped.length + astray.length === 0 ? 'works' : survivors.length === 0 ? 'blocked' : 'unknown';
  const logged = course.lines.reduce(joinTri);
  const stop = stopped.find(({ world }) => isFresh(world)) ?? stopped[0];
  const assumed = [...stopped.map(({ world }) => world), ...astray, ...survivors].flatMap(({ assumptions }) =>
    assumptions.map(({ doubt }) => doubt),
  );
  const writing = packets.flatMap(({ hooks }) => hooks.flatMap(({ logs }) => logs.flatMap(({ doubts }) => doubts)));
  return {
    conversation,
    outcome,
    logged,
    stoppedAt: outcome === 'blocked' && stop ? stopOf(stop) : null,
    unknown: distinct(outcome === 'unknown' ? assumed : logged === 'maybe' ? [...writing, ...assumed] : []),
    packets,
  };
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
