// A planned rule put into the model, as the kernel will have it.
import type { Chain, Rule, Ruleset, Table } from '../model.ts';
import type { ChainPlace, Change } from './plan.ts';

/** The ruleset with the change's rule at its position; the rules after it move on by one. */
export function applyChange(
  ruleset: Ruleset,
  { place, position, rule }: Pick<Change, 'place' | 'position' | 'rule'>,
): Ruleset {
  const insertInto = (table: Table): Table => {
    const chain = isTableOf(table, place) ? table.chains.get(place.chain) : undefined;
    if (chain === undefined) return table;
    return { ...table, chains: new Map(table.chains).set(chain.name, insertRule(chain, position, rule)) };
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
export function endOf({ rules }: Chain): number {
  return rules.at(-1)?.number === 0 ? rules.length : rules.length + 1;
}

function insertRule(chain: Chain, position: number, rule: Rule): Chain {
  const rules = chain.rules.slice();
  rules.splice(position - 1, 0, rule);
  return {
    ...chain,
    rules: rules.map((one, at) => (one.number === at + 1 || one.number === 0 ? one : renumber(one, at + 1))),
  };
}

/** Rules may be read only when they are asked for their steps, so they are asked no earlier. */
function renumber(rule: Rule, number: number): Rule {
  return {
    number,
    text: rule.text,
    line: rule.line,
    handle: rule.handle,
    get comment() {
      return rule.comment;
    },
    get steps() {
      return rule.steps;
    },
  };
}
