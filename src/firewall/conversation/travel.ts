// One packet's way over lo: out through OUTPUT and POSTROUTING, and in again through PREROUTING and INPUT.
import type { Ending, HookRun } from '../evaluate/evaluate-chain.ts';
import { evaluateHook } from '../evaluate/evaluate-hook.ts';
import { hooksDevices } from '../evaluate/hooked-chains.ts';
import { eachMet, MetRules } from '../evaluate/met-rules.ts';
import type { Device, Site } from '../evaluate/read-field.ts';
import { type Connection, connectionOf, type World } from '../evaluate/world.ts';
import type { Hook, Ruleset } from '../model/model.ts';
import { type ConntrackView, type Packet, protocolOf } from '../model/packet.ts';
import { siteOf } from '../model/site.ts';
import type { HookTrace, HookVerdict, PacketName, Surroundings } from './trace.ts';

/** A packet that ended, and where; `packet` says which of the conversation's it was. */
export type Stopped = Ending & { readonly hook: Hook; readonly packet?: PacketName };

/** A packet's way: the hooks it met, the worlds in which it arrived, those in which it was stopped, and those in which NAT sent it off lo. */
export type Journey = {
  readonly hooks: readonly HookTrace[];
  readonly worlds: readonly World[];
  readonly stopped: readonly Stopped[];
  readonly away: readonly World[];
};

const HOOKS: readonly Hook[] = ['output', 'postrouting', 'egress', 'ingress', 'prerouting', 'input'];

/** Sends the worlds' packet over lo; `packet` is its number in the conversation. */
export function travel(ruleset: Ruleset, site: Omit<Site, 'hook'>, packet: number, start: readonly World[]): Journey {
  const hooks: HookTrace[] = [];
  const stopped: Stopped[] = [];
  const away: World[] = [];
  const device = hooksDevices(ruleset);
  let worlds = start;
  for (const hook of HOOKS) {
    const [first] = worlds;
    if (!first) break;
    if (!device && (hook === 'egress' || hook === 'ingress')) continue;
    const passed = passHook(ruleset, { ...site, hook }, packet, worlds, hooks);
    stopped.push(...passed.endings.map((ending) => ({ ...ending, hook })));
    away.push(...passed.worlds.filter(isAway));
    worlds = passed.worlds.filter((world) => !isAway(world));
  }
  return { hooks, worlds, stopped, away };
}

function isAway(world: World): boolean {
  return world.away !== undefined;
}

/** One packet in one hook, its connection as given, on lo unless `device` names another interface. For whole conversations use traceConversation. */
export function evaluatePacket(
  ruleset: Ruleset,
  packet: Packet,
  hook: Hook,
  surroundings: Surroundings,
  device?: Device,
): HookTrace {
  const hooks: HookTrace[] = [];
  // What travels over lo goes between the host's own addresses; of other packets nothing of the kind is known.
  const own = device ? [] : [packet.source, packet.destination].filter((address) => address !== null);
  const site: Site = { ...siteOf(surroundings, own), hook, ...(device && { device }) };
  passHook(ruleset, site, 0, [worldOf(packet)], hooks);
  const [trace] = hooks;
  if (!trace) throw new Error('a hook leaves a trace');
  return trace;
}

/** Its rules are told one by one only where somebody asks. */
class PassedHook implements HookTrace {
  readonly hook: Hook;
  readonly packet: Packet;
  readonly verdict: HookVerdict;
  readonly way: HookTrace['way'];
  readonly logs: HookTrace['logs'];
  readonly stopped: HookTrace['stopped'];

  constructor(
    hook: Hook,
    packet: Packet,
    verdict: HookVerdict,
    way: HookTrace['way'],
    logs: HookTrace['logs'],
    stopped: HookTrace['stopped'],
  ) {
    this.hook = hook;
    this.packet = packet;
    this.verdict = verdict;
    this.way = way;
    this.logs = logs;
    this.stopped = stopped;
  }

  get rules(): HookTrace['rules'] {
    return eachMet(this.way);
  }
}

function passHook(ruleset: Ruleset, site: Site, packet: number, start: readonly World[], hooks: HookTrace[]) {
  const [first] = start;
  const run: HookRun = { site, packet, met: new MetRules(), logs: [], endings: [] };
  const worlds = first ? evaluateHook(ruleset, run, first.packet.family, start) : [];
  const { met, logs, endings } = run;
  const [ending] = endings;
  if (first) {
    const verdict = verdictOf(worlds, endings);
    const stopped = worlds.length === 0 && ending ? ending.rule : null;
    hooks.push(new PassedHook(site.hook, packetOf(first), verdict, met.way, logs, stopped));
  }
  return { worlds, endings };
}

function verdictOf(worlds: readonly World[], endings: readonly Ending[]): HookVerdict {
  if (endings.length === 0) return 'accept';
  if (worlds.length > 0) return 'unknown';
  return endings.every(({ verdict }) => verdict.kind === 'reject') ? 'reject' : 'drop';
}

/** The world's packet with its connection as matches see it. */
function packetOf(world: World): Packet {
  return { ...world.packet, conntrack: viewOf(world) };
}

function viewOf(world: World): ConntrackView {
  const connection = connectionOf(world);
  const { track } = world;
  if (track.kind !== 'tracked' || !connection) return { state: track.kind === 'untracked' ? 'untracked' : 'invalid' };
  const { mark, zone, status } = connection;
  return { state: track.state, direction: track.direction, mark, zone, status };
}

function worldOf({ conntrack, ...packet }: Packet): World {
  const world: World = {
    packet,
    zone: 0,
    track: { kind: 'none' },
    connections: [],
    lines: 'no',
    notes: 'no',
    assumptions: [],
  };
  if (!('direction' in conntrack)) return { ...world, track: { kind: conntrack.state } };
  const { state, direction, mark, zone, status } = conntrack;
  const ports = 'sourcePort' in packet.transport ? packet.transport : { sourcePort: null, destinationPort: null };
  const sent = {
    source: packet.source,
    sourcePort: ports.sourcePort,
    destination: packet.destination,
    destinationPort: ports.destinationPort,
  };
  const back = {
    source: sent.destination,
    sourcePort: sent.destinationPort,
    destination: sent.source,
    destinationPort: sent.sourcePort,
  };
  const tuples = direction === 'original' ? { original: sent, reply: back } : { original: back, reply: sent };
  const connection: Connection = {
    ...tuples,
    protocol: protocolOf(packet.transport),
    bySyn: false,
    mark,
    zone,
    status,
    destinationDone: false,
    sourceDone: false,
  };
  return { ...world, connections: [connection], track: { kind: 'tracked', connection: 0, state, direction } };
}
