// Which base chains stand in a hook, and in which order: found once for each ruleset.

import { usesConntrack } from '../conversation/uses-conntrack.ts';
import type { Chain, Hook, Ruleset, Table } from '../model/model.ts';

/** A base chain in its table. */
export type Hooked = { readonly table: Table; readonly chain: Chain; readonly priority: number };

/**
 * Filter chains of one priority. `first` and `second` are the two orders in which they may be asked; `apart`: legacy tables and others both do
 * something, so that their order may matter.
 */
export type Tied = {
  readonly priority: number;
  readonly legacy: readonly Hooked[];
  readonly first: readonly Hooked[];
  readonly second: readonly Hooked[];
  readonly apart: boolean;
};

/** `filters` in rising priority; `nats`: those that the kernel asks. */
type HookedChains = { readonly filters: readonly Tied[]; readonly nats: readonly Hooked[] };

/** Asked for each packet at each hook. */
const known = new WeakMap<Ruleset, Map<string, HookedChains>>();

/** What stands in the hook for packets of the family. */
export function hookedChains(ruleset: Ruleset, hook: Hook, family: 'ip' | 'ip6'): HookedChains {
  const ofRuleset = known.get(ruleset) ?? new Map<string, HookedChains>();
  known.set(ruleset, ofRuleset);
  const key = `${hook} ${family}`;
  const found = ofRuleset.get(key) ?? findHookedChains(ruleset, hook, family);
  ofRuleset.set(key, found);
  return found;
}

function findHookedChains(ruleset: Ruleset, hook: Hook, family: 'ip' | 'ip6'): HookedChains {
  const chains = findBaseChains(ruleset, hook, family);
  const filters = chains.filter(({ chain }) => chain.base?.type !== 'nat');
  return {
    filters: [...Map.groupBy(filters, ({ priority }) => priority)].map(([priority, group]) => tie(priority, group)),
    nats: heededNats(ruleset, family, chains),
  };
}

function tie(priority: number, chains: readonly Hooked[]): Tied {
  const legacy = chains.filter(({ table }) => table.variant === 'legacy');
  const others = chains.filter((each) => !legacy.includes(each));
  return {
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
