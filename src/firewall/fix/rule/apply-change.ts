// A planned rule put into the model, as the kernel will have it.

import { ruleListOf } from '../../evaluate/rule-list.ts';
import { chainOfList } from '../../model/chain-of-list.ts';
import { copyRule } from '../../model/copy-rule.ts';
import type { Chain, Rule, Ruleset, Table } from '../../model/model.ts';
import type { ChainPlace, Change } from '../plan.ts';
import { InsertedRules } from './inserted-rules.ts';

/** The ruleset with the change's rule at its position; the rules after it move on by one. */
export function applyChange(
  ruleset: Ruleset,
  { place, position, rule }: Pick<Change, 'place' | 'position' | 'rule'>,
): Ruleset {
  const insertInto = (table: Table): Table => {
    const chain = isTableOf(table, place) ? table.chains.get(place.chain) : undefined;
    if (chain === undefined) return table;
    return {
      ...table,
      chains: new Map(table.chains).set(
        chain.name,
        chainOfList(chain.name, chain.base, InsertedRules.insert(ruleListOf(chain), position - 1, rule)),
      ),
    };
  };
  return { tables: ruleset.tables.map(insertInto) };
}

/** True for the table that the place is in. */
export function isTableOf(table: Table, place: ChainPlace): boolean {
  return (
    table.layer === place.layer &&
    table.variant === place.variant &&
    table.family === place.family &&
    table.name === place.table
  );
}

/** The table and chain of a place; throws where the ruleset has none, since places come from the same ruleset. */
export function chainAt(ruleset: Ruleset, place: ChainPlace): { table: Table; chain: Chain } {
  const table = ruleset.tables.find((one) => isTableOf(one, place));
  const chain = table?.chains.get(place.chain);
  if (table === undefined || chain === undefined) throw new Error(`no chain ${place.table} ${place.chain}`);
  return { table, chain };
}

/** The number that a rule at the chain's end gets. A policy that is not sure to be in force is listed as a rule without a number. */
export function endOf(chain: Chain): number {
  const list = ruleListOf(chain);
  return list.at(list.length - 1)?.number === 0 ? list.length : list.length + 1;
}

/** The rules with the numbers of their places. */
export function renumbered(rules: readonly Rule[]): Rule[] {
  return rules.map((rule, at) =>
    rule.number === at + 1 || rule.number === 0 ? rule : copyRule(rule, { number: at + 1 }),
  );
}
