// Whether rules of a case are in force.
import type { Ruleset } from '../../model/model.ts';
import { isOwnLogComment, tagOf } from './tag.ts';

/** True where a rule carries the case's tag; its temporary log rules don't count. */
export function holdsRulesOf({ tables }: Ruleset, caseId: string): boolean {
  const tag = tagOf(caseId);
  return tables.some(({ chains }) =>
    [...chains.values()].some(({ rules }) =>
      // Most rules are not read further than their text.
      rules.some(({ text, comment }) => text.includes(tag) && !isOwnLogComment(comment)),
    ),
  );
}
