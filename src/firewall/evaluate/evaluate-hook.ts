// Worlds through one hook: every base chain of every layer and table, in the kernel's order, with conntrack and NAT between them.

import { confirm, track } from '../conversation/conntrack.ts';
import { applyBindings, natDecided, natSide } from '../conversation/nat.ts';
import { takeByType } from '../conversation/take-by-type.ts';
import type { Doubt } from '../conversation/trace.ts';
import type { Hook, Ruleset } from '../model/model.ts';
import { policyPlace } from '../model/rule-place.ts';
import { evaluateBaseChain, type HookRun } from './evaluate-chain.ts';
import { type Hooked, type Station, stationsOf, type Tied } from './hooked-chains.ts';
import { MetRules } from './met-rules.ts';
import { connectionOf, mergeWorlds, type World } from './world.ts';

/** The worlds that leave the hook alive. */
export function evaluateHook(ruleset: Ruleset, run: HookRun, family: 'ip' | 'ip6', start: readonly World[]): World[] {
  const { hook } = run.site;
  let worlds = [...start];
  for (const station of stationsOf(ruleset, hook, family)) {
    if (worlds.length === 0) break;
    worlds = passStation(run, station, worlds);
  }
  if (hook === 'postrouting' || hook === 'input') worlds = mergeWorlds(worlds.map(confirm));
  return takeByType(run, worlds);
}

function passStation(run: HookRun, station: Station, worlds: readonly World[]): World[] {
  switch (station.kind) {
    case 'filters':
      return evaluateTied(run, station, worlds);
    case 'conntrack':
      return worlds.flatMap((world) => track(world, run.packet));
    case 'nat':
      return evaluateNat(run, station.chains, worlds);
  }
}

/**
 * Chains of one priority. Among those of nf_tables the order is known, but legacy tables are hooked when they are first used,
 * before or after: where that matters both orders are followed.
 */
function evaluateTied(run: HookRun, { legacy, first, second, apart }: Tied, worlds: readonly World[]): World[] {
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
