// Which base chains stand in a hook, and in which order: found once for each ruleset.

import { natSide } from '../conversation/nat.ts';
import { usesConntrack } from '../conversation/uses-conntrack.ts';
import type { Chain, Hook, Ruleset, Table } from '../model/model.ts';

/** A base chain in its table. */
export type Hooked = { readonly table: Table; readonly chain: Chain; readonly priority: number };

/**
 * Filter chains of one priority. `first` and `second` are the two orders in which they may be asked; `apart`: legacy tables and others both do
 * something, so that their order may matter.
 */
export type Tied = {
  readonly kind: 'filters';
  readonly priority: number;
  readonly legacy: readonly Hooked[];
  readonly first: readonly Hooked[];
  readonly second: readonly Hooked[];
  readonly apart: boolean;
};

/** Something that happens at a priority: filter chains, or one of the kernel's own hooks. `chains`: those that NAT asks. */
export type Station =
  | Tied
  | { readonly kind: 'conntrack'; readonly priority: number }
  | { readonly kind: 'nat'; readonly priority: number; readonly chains: readonly Hooked[] };

type PerFamily = { ip?: readonly Station[]; ip6?: readonly Station[] };

/** Asked for each packet at each hook. */
const known = new WeakMap<Ruleset, Map<Hook, PerFamily>>();

/** What packets of the family meet in the hook, in its order. */
export function stationsOf(ruleset: Ruleset, hook: Hook, family: 'ip' | 'ip6'): readonly Station[] {
  const ofRuleset = known.get(ruleset) ?? new Map<Hook, PerFamily>();
  known.set(ruleset, ofRuleset);
  const ofHook = ofRuleset.get(hook) ?? {};
  ofRuleset.set(hook, ofHook);
  ofHook[family] ??= findStations(ruleset, hook, family);
  return ofHook[family];
}

const CONNTRACK = -200;
const NAT_DESTINATION = -100;
const NAT_SOURCE = 100;

function findStations(ruleset: Ruleset, hook: Hook, family: 'ip' | 'ip6'): Station[] {
  const chains = findBaseChains(ruleset, hook, family);
  const filters = chains.filter(({ chain }) => chain.base?.type !== 'nat');
  const stations: Station[] = [...Map.groupBy(filters, ({ priority }) => priority)].map(([priority, group]) =>
    tie(priority, group),
  );
  if (hook === 'output' || hook === 'prerouting') insert(stations, { kind: 'conntrack', priority: CONNTRACK });
  const priority = natSide(hook) === 'destination' ? NAT_DESTINATION : NAT_SOURCE;
  insert(stations, { kind: 'nat', priority, chains: heededNats(ruleset, family, chains) });
  return stations;
}

/** Adds a station behind those of lower or the same priority. */
function insert(stations: Station[], station: Station): void {
  const behind = stations.findIndex(({ priority }) => priority > station.priority);
  stations.splice(behind < 0 ? stations.length : behind, 0, station);
}

function tie(priority: number, chains: readonly Hooked[]): Tied {
  const legacy = chains.filter(({ table }) => table.variant === 'legacy');
  const others = chains.filter((each) => !legacy.includes(each));
  return {
    kind: 'filters',
    priority,
    legacy,
    first: [...others, ...legacy],
    second: [...legacy, ...others],
    apart: legacy.some(isActive) && others.some(isActive),
  };
}

function isActive({ chain }: Hooked): boolean {
  return chain.rules.length > 0 || chain.base?.policy === 'drop';
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

const devices = new WeakMap<Ruleset, boolean>();

/** Whether something hooks into a device: tables of netdev, and inet's with a chain at a device's ingress. */
export function hooksDevices(ruleset: Ruleset): boolean {
  const answer = devices.get(ruleset) ?? ruleset.tables.some(hooksDevice);
  devices.set(ruleset, answer);
  return answer;
}

function hooksDevice({ family, chains }: Table): boolean {
  return family === 'netdev' || [...chains.values()].some(({ base }) => base?.hook === 'ingress');
}
