// Where the rules of a plan end up: each rule's number once those before it are in, and the ruleset that comes of it.

import type { RulePlace } from '../../conversation/trace.ts';
import { ruleListOf } from '../../evaluate/rule-list.ts';
import type { Chain, Ruleset, Table } from '../../model/model.ts';
import { placeOf, policyPlace } from '../../model/rule-place.ts';
import type { ChainPlace, Change } from '../plan.ts';
import { applyChange, chainAt, endOf, isTableOf } from '../rule/apply-change.ts';
import type { Placed, WrittenRule } from '../rule/write-rule.ts';

/** A rule that is to go before rule number `at` of a chain as it is now (one more than the chain has: to its end). */
export type Wanted = {
  readonly place: ChainPlace;
  readonly at: number;
  readonly written: WrittenRule;
  readonly reason: string;
};

/** The changes in the order they are made: chain by chain as the ruleset has them, each from the top; rules wanted at one place keep their order. */
export function placeChanges<W extends Wanted>(
  ruleset: Ruleset,
  wanted: readonly W[],
): { placed: (Placed & { readonly wanted: W })[]; after: Ruleset } {
  let after = ruleset;
  const placed = inOrder(ruleset, wanted).map((one, index, all) => {
    const { table, chain } = chainAt(ruleset, one.place);
    const earlier = all.slice(0, index).filter(({ place }) => samePlace(place, one.place)).length;
    const position = one.at + earlier;
    const rule = { ...one.written.rule, number: position };
    const before = ruleBehind({ table, chain }, one.at);
    const change: Change = { place: one.place, position, before, rule, reason: one.reason };
    after = applyChange(after, change);
    return { change, written: one.written, last: one.at >= endOf(chain), wanted: one };
  });
  return { placed, after };
}

/** The rule of that number; beyond the last one the policy of a base chain, else null. */
function ruleBehind({ table, chain }: { table: Table; chain: Chain }, number: number): RulePlace | null {
  const rule = ruleListOf(chain).at(number - 1);
  if (rule !== undefined && rule.number !== 0) return placeOf(table, chain.name, rule);
  return chain.base === null ? null : policyPlace(table, chain);
}

/** True for two places in the same chain. */
export function samePlace(a: ChainPlace, b: ChainPlace): boolean {
  return (
    a.layer === b.layer &&
    a.variant === b.variant &&
    a.family === b.family &&
    a.table === b.table &&
    a.chain === b.chain
  );
}

function inOrder<W extends Wanted>(ruleset: Ruleset, wanted: readonly W[]): W[] {
  return wanted.toSorted((a, b) => orderOf(ruleset, a.place) - orderOf(ruleset, b.place) || a.at - b.at);
}

/** A number that grows with the place of a chain among all chains of the ruleset. */
export function orderOf({ tables }: Ruleset, place: ChainPlace): number {
  const table = tables.findIndex((one) => isTableOf(one, place));
  return table * 100_000 + [...(tables[table]?.chains.keys() ?? [])].indexOf(place.chain);
}
