// Puts what iptables-save and nft say of one kernel together: a table that both print is one table.

import { countUpTo } from '../evaluate/count-up-to.ts';
import { type RuleList, ruleListOf } from '../evaluate/rule-list.ts';
import { chainOfList } from './chain-of-list.ts';
import { copyRule } from './copy-rule.ts';
import type { Chain, Rule, Ruleset, Table } from './model.ts';
import type { Step } from './steps.ts';

/**
 * All tables once. iptables-nft keeps its rules in nf_tables, so nft prints those tables too, but can't print most of
 * iptables' matches; iptables-save in turn prints native rules wrongly (`ip daddr @set drop` as `-j DROP`, foreign base chains not at
 * all, tables as empty that have none of its chains). So each rule is taken from the tool that can say what it does, and
 * chains as nft has them. Tables of iptables-legacy and tables that nft doesn't print are added as they are.
 */
export function combineLayers({ iptables, nft }: Layers): Ruleset {
  const dumped = new Map(iptables.filter(({ variant }) => variant === 'nft').map((table) => [keyOf(table), table]));
  const combined = nft.map((table) => {
    const same = dumped.get(keyOf(table));
    dumped.delete(keyOf(table));
    return same === undefined ? table : mergeTable(table, same);
  });
  const legacy = iptables.filter(({ variant }) => variant !== 'nft');
  return { tables: [...combined, ...dumped.values(), ...legacy] };
}

type Layers = { readonly iptables: readonly Table[]; readonly nft: readonly Table[] };

/** True where a chain has more rules by one tool than by the other: somebody has changed it between the two readings. */
export function isTorn({ iptables, nft }: Layers): boolean {
  const dumped = new Map(iptables.filter(({ variant }) => variant === 'nft').map((table) => [keyOf(table), table]));
  return nft.some((table) =>
    [...table.chains.values()].some((chain) => {
      const other = dumped.get(keyOf(table))?.chains.get(chain.name);
      return other !== undefined && isOfBoth(chain, other) && ruleListOf(other).length !== chain.rules.length;
    }),
  );
}

function isOfBoth(nft: Chain, iptables: Chain): boolean {
  return nft.base === null ? iptables.base === null : isSameBase(nft, iptables);
}

function keyOf({ family, name }: Table): string {
  return `${family} ${name}`;
}

/** iptables owns the table where one of its base chains is there; else it is a native one that has iptables' name by chance. */
function mergeTable(nft: Table, iptables: Table): Table {
  const owned = [...nft.chains.values()].some((chain) => isSameBase(chain, iptables.chains.get(chain.name)));
  if (!owned) return nft;
  const chains = [...nft.chains].map(([name, chain]) => [name, mergeChain(chain, iptables.chains.get(name))] as const);
  return { ...nft, layer: 'iptables', variant: 'nft', chains: new Map(chains) };
}

function isSameBase({ base: one }: Chain, chain: Chain | undefined): boolean {
  const other = chain?.base;
  if (one === null || !other) return false;
  return one.hook === other.hook && one.priority === other.priority && one.type === other.type;
}

/**
 * Rules stand in the same order in both; where their number differs, the chain changed meanwhile, or is not iptables'. iptables' own
 * are read and found as late and as fast as in its dump.
 */
function mergeChain(nft: Chain, iptables: Chain | undefined): Chain {
  if (iptables === undefined || (nft.base !== null && !isSameBase(nft, iptables))) return nft;
  const list = ruleListOf(iptables);
  const { length } = list;
  if (length !== nft.rules.length) return nft;
  const merged = nft.rules.map((rule, index) => (rule.steps.some(isNative) ? rule : withHandle(list, index, rule)));
  const native = merged.flatMap((rule, index) => (rule === nft.rules[index] ? [index] : []));
  const nextNative = (index: number) => native[countUpTo(native, index - 1, (one) => one)] ?? length;
  return chainOfList(nft.name, nft.base, {
    length,
    at: (index) => merged[index],
    next: (glance, index) => Math.min(list.next(glance, index), nextNative(index)),
  });
}

/** The rule of iptables-save with nft's handle; it is read no sooner for that. */
function withHandle(list: RuleList, index: number, nft: Rule): Rule {
  const rule = list.at(index);
  return rule === undefined ? nft : copyRule(rule, { number: rule.number, handle: nft.handle });
}

/** What iptables never writes without its own extensions, and so can't print. */
function isNative({ kind }: Step): boolean {
  return (
    kind === 'note' ||
    kind === 'lookup' ||
    kind === 'verdict-map' ||
    kind === 'set' ||
    kind === 'nat' ||
    kind === 'notrack'
  );
}
