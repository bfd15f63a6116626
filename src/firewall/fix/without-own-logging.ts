// The rules as they are without lo-doctor's temporary log rules, and as they will be numbered when those are gone.
import type { Rule, Ruleset } from '../model/model.ts';
import { renumbered } from './rule/apply-change.ts';
import { isOwnLogComment } from './rule/tag.ts';

/** The ruleset without log rules of any case of lo-doctor's; the very same where it has none. Handles stay. */
export function withoutOwnLogging(ruleset: Ruleset): Ruleset {
  const tables = ruleset.tables.map((table) => {
    const changed = [...table.chains].flatMap(([name, chain]) => {
      const rules = chain.rules.filter((rule) => !isOwnLog(rule));
      return rules.length === chain.rules.length
        ? []
        : [[name, { name, base: chain.base, rules: renumbered(rules) }] as const];
    });
    return changed.length === 0 ? table : { ...table, chains: new Map([...table.chains, ...changed]) };
  });
  return tables.every((table, at) => table === ruleset.tables[at]) ? ruleset : { tables };
}

/** Most rules are not read further than their text. */
function isOwnLog(rule: Rule): boolean {
  return rule.text.includes('lo-doctor ') && isOwnLogComment(rule.comment);
}
