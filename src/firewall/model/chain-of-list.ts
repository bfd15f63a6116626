// A chain whose rules are made only when they are asked for.

import { listRules, type RuleList } from '../evaluate/rule-list.ts';
import type { Base, Chain, Rule } from './model.ts';

/** A chain of the list's rules; all of them are made on the first use of `rules`. */
export function chainOfList(name: string, base: Base | null, list: RuleList): Chain {
  let rules: readonly Rule[] | null = null;
  const chain: Chain = {
    name,
    base,
    get rules() {
      rules ??= Array.from({ length: list.length }, (_, index) => list.at(index)).filter((rule) => rule !== undefined);
      return rules;
    },
  };
  listRules(chain, list);
  return chain;
}
