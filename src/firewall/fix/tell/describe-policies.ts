// The chains that a fix changes, listed before and after it.
import type { Chain, Ruleset } from '../../model/model.ts';
import { catchAll } from '../../questions/catch-all.ts';
import type { PlacedPermit } from '../place/find-permits.ts';
import { samePlace } from '../place/place-changes.ts';
import type { ChainPlace, PolicyChange, PolicyRow } from '../plan.ts';
import { chainAt } from '../rule/apply-change.ts';

/** One entry a chain, in the order of the changes. */
export function describePolicies(ruleset: Ruleset, after: Ruleset, placed: readonly PlacedPermit[]): PolicyChange[] {
  const places: ChainPlace[] = [];
  for (const { change } of placed) if (!places.some((one) => samePlace(one, change.place))) places.push(change.place);
  return places.map((place) => {
    const here = placed.filter(({ change }) => samePlace(change.place, place));
    const added = new Set(here.map(({ change }) => change.position));
    const stoppers = new Set(here.flatMap(({ wanted }) => wanted.stoppers));
    const before = chainAt(ruleset, place).chain;
    const signBefore = (number: number) => (stoppers.has(number) ? '>' : ' ');
    const signAfter = (number: number) => {
      if (added.has(number)) return '+';
      return signBefore(number - [...added].filter((position) => position < number).length);
    };
    const { table, chain } = chainAt(after, place);
    return {
      place,
      before: listRules(before, signBefore),
      after: listRules(chain, signAfter),
      final: catchAll(table, chain)?.rule.number ?? (chain.base === null ? null : 0),
    };
  });
}

/** The rules and, in a base chain, the policy, which counts as the one after the last rule when signs are asked for. */
function listRules({ rules, base }: Chain, signOf: (number: number) => PolicyRow['sign']): PolicyRow[] {
  const rows = rules.map(({ number, text }): PolicyRow => ({ number, text, sign: signOf(number) }));
  if (base === null) return rows;
  return [...rows, { number: 0, text: `policy ${base.policy}`, sign: signOf(rules.length + 1) }];
}
