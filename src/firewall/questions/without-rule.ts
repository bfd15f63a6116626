// The ruleset as it would be if one rule were not there.

import type { RulePlace } from '../conversation/trace.ts';
import { ruleListOf } from '../evaluate/rule-list.ts';
import { chainOf } from '../fix/place/find-stops.ts';
import { isTableOf } from '../fix/rule/apply-change.ts';
import type { Ruleset, Table } from '../model/model.ts';

/** A copy without the rule at that place; the others keep their numbers. */
export function withoutRule({ tables }: Ruleset, place: RulePlace): Ruleset {
  const without = (table: Table): Table => {
    const chain = isTableOf(table, chainOf(place)) ? table.chains.get(place.chain) : undefined;
    if (chain === undefined) return table;
    const list = ruleListOf(chain);
    const kept = Array.from({ length: list.length }, (_, at) => list.at(at)).filter((rule) => rule !== undefined);
    const rules = kept.filter(({ number }) => number !== place.number);
    return { ...table, chains: new Map(table.chains).set(chain.name, { ...chain, rules }) };
  };
  return { tables: tables.map(without) };
}
