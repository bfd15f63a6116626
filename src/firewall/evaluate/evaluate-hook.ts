// Worlds through one hook: every base chain of every layer and table, in the kernel's order, with conntrack and NAT between them.

import { confirm, track } from '../conversation/conntrack.ts';
import { applyBindings, natDecided, natSide } from '../conversation/nat.ts';
import { takeByType } from '../conversation/take-by-type.ts';
import type { Doubt } from '../conversation/trace.ts';
import { usesConntrack } from '../conversation/uses-conntrack.ts';
import type { Chain, Hook, Ruleset, Table } from '../model/model.ts';
import { policyPlace } from '../model/rule-place.ts';
import { evaluateBaseChain, type HookRun } from './evaluate-chain.ts';
import { MetRules } from './met-rules.ts';
import { connectionOf, mergeWorlds, type World } from './world.ts';

/** A base chain in its table. */
type Hooked = { readonly table: Table; readonly chain: Chain; readonly priority: number };

/** Something that happens at a priority: a filter chain, or one of the kernel's own hooks. */
type Station = { readonly priority: number; run(worlds: readonly World[]): World[] };

const CONNTRACK = -200;
const NAT_DESTINATION = -100;
const NAT_SOURCE = 100;

/** The worlds that leave the hook alive. */
export function evaluateHook(ruleset: Ruleset, run: HookRun, family: 'ip' | 'ip6', start: readonly World[]): World[] {
  const { hook } = run.site;
  const chains = findBaseChains(ruleset, hook, family);
  const filters = chains.filter(({ chain }) => chain.base?.type !== 'nat');
  const nats = heededNats(ruleset, family, chains);
  const stations: Station[] = [...Map.groupBy(filters, ({ priority }) => priority)].map(([priority, group]) => ({
    priority,
    run: (worlds) => evaluateTied(run, group, worlds),
  }));
  if (hook === 'output' || hook === 'prerouting')
    insert(stations, CONNTRACK, (worlds) => worlds.flatMap((world) => track(world, run.packet)));
  insert(stations, natSide(hook) === 'destination' ? NAT_DESTINATION : NAT_SOURCE, (worlds) =>
    evaluateNat(run, nats, worlds),
  );
  let worlds = [...start];
  for (const station of stations) {
    if (worlds.length === 0) break;
    worlds = station.run(worlds);
  }
  if (hook === 'postrouting' || hook === 'input') worlds = mergeWorlds(worlds.map(confirm));
  return takeByType(run, worlds);
}

/**
 * Chains of one priority. Among those of nf_tables the order is known, but legacy tables are hooked when they are first used,
 * before or after: where that matters both orders are followed.
 */
function evaluateTied(run: HookRun, chains: readonly Hooked[], worlds: readonly World[]): World[] {
  const legacy = chains.filter(({ table }) => table.variant === 'legacy');
  const others = chains.filter((each) => !legacy.includes(each));
  const [first, second] = [
    [...others, ...legacy],
    [...legacy, ...others],
  ] as const;
  const apart = legacy.some(isActive) && others.some(isActive);
  if (!apart || (isQuiet(run, first, worlds) && isQuiet(run, second, worlds)))
    return evaluateInOrder(run, first, worlds);
  const assuming = (holds: boolean) => worlds.map((world) => assumeOrder(run, legacy, world, holds));
  return mergeWorlds([
    ...evaluateInOrder(run, first, assuming(false)),
    ...evaluateInOrder({ ...run, met: new MetRules() }, second, assuming(true)),
  ]);
}

function evaluateInOrder(run: HookRun, chains: readonly Hooked[], start: readonly World[]): World[] {
  return chains.reduce<World[]>((worlds, { table, chain }) => evaluateBaseChain(run, table, chain, worlds), [...start]);
}

function isActive({ chain }: Hooked): boolean {
  return chain.rules.length > 0 || chain.base?.policy === 'drop';
}

/** Whether the chains neither stop nor log anything. */
function isQuiet(run: HookRun, chains: readonly Hooked[], worlds: readonly World[]): boolean {
  const trial: HookRun = { ...run, met: new MetRules(), logs: [], endings: [] };
  evaluateInOrder(trial, chains, worlds);
  return trial.logs.length === 0 && trial.endings.length === 0;
}

function assumeOrder({ packet }: HookRun, [legacy]: readonly Hooked[], world: World, holds: boolean): World {
  if (legacy === undefined) return world;
  const doubt: Doubt = {
    rule: policyPlace(legacy.table, legacy.chain),
    what: 'whether iptables-legacy is asked before nf_tables',
    settledBy: 'which of the two was loaded last: it is asked first',
    limit: false,
  };
  return { ...world, assumptions: [...world.assumptions, { doubt, packet, holds, fresh: true }] };
}

/** The nat chains among them: without connection tracking the kernel passes them by (nf_nat_inet_fn in net/netfilter/nf_nat_core.c). */
function heededNats(ruleset: Ruleset, family: 'ip' | 'ip6', chains: readonly Hooked[]): Hooked[] {
  const nats = chains.filter(({ chain }) => chain.base?.type === 'nat');
  const idle = nats.every(({ chain }) => chain.rules.length === 0 && chain.base?.policy === 'accept');
  return idle || !usesConntrack(ruleset, family) ? [] : nats;
}

/**
 * The base chains that see such packets, in rising priority. Of those with the same priority, the one registered last comes first
 * (nf_hook_entries_grow in net/netfilter/core.c).
 */
export function findBaseChains({ tables }: Ruleset, hook: Hook, family: 'ip' | 'ip6'): Hooked[] {
  const found: Hooked[] = [];
  for (const table of tables) {
    if (table.dormant || !sees(table, hook, family)) continue;
    for (const chain of table.chains.values()) {
      if (chain.base?.hook === hook && onLoopback(chain))
        found.unshift({ table, chain, priority: chain.base.priority });
    }
  }
  return found.sort((one, other) => one.priority - other.priority);
}

function sees({ family: of }: Table, hook: Hook, family: 'ip' | 'ip6'): boolean {
  if (of === 'netdev') return hook === 'egress' || hook === 'ingress';
  return of === family || of === 'inet';
}

function onLoopback({ base }: Chain): boolean {
  return base === null || base.devices.length === 0 || base.devices.includes('lo');
}

/** Adds a station behind those of lower priority. */
function insert(stations: Station[], priority: number, work: Station['run']): void {
  const behind = stations.findIndex((station) => station.priority > priority);
  stations.splice(behind < 0 ? stations.length : behind, 0, { priority, run: work });
}

/** NAT chains decide for the first packet of a connection; every packet is then rewritten as was decided. */
function evaluateNat(run: HookRun, chains: readonly Hooked[], start: readonly World[]): World[] {
  const { hook } = run.site;
  return start.flatMap((first) => {
    let undecided: World[] = isUndecided(first, hook) ? [first] : [];
    const decided: World[] = undecided.length === 0 ? [first] : [];
    for (const { table, chain } of chains) {
      const passed = evaluateBaseChain(run, table, chain, undecided);
      undecided = passed.filter((world) => connectionOf(world)?.reply === connectionOf(first)?.reply);
      decided.push(...passed.filter((world) => !undecided.includes(world)));
    }
    return [...decided, ...undecided].map((world) => applyBindings(natDecided(world, hook), hook));
  });
}

function isUndecided(world: World, hook: Hook): boolean {
  const connection = connectionOf(world);
  if (!connection || world.track.kind !== 'tracked' || world.track.state === 'established') return false;
  // Resets pass the chains that their connection has not come to yet; ICMP errors never do (nf_nat_inet_fn).
  if (world.track.state === 'related' && world.packet.transport.kind !== 'tcp') return false;
  return natSide(hook) === 'destination' ? !connection.destinationDone : !connection.sourceDone;
}
