// The plan of a fix while lo-doctor's temporary log rules are in force: made for the rules as they are, told as they will be without those.

import type { Conversation, Surroundings } from '../conversation/trace.ts';
import type { Ruleset } from '../model/model.ts';
import type { Choice, FixPlan } from './plan.ts';
import { type FixOptions, planFix } from './plan-fix.ts';
import { withoutOwnLogging } from './without-own-logging.ts';

/**
 * As planFix. The commands that lo-doctor runs count its own log rules, which are there then; the listings, the reasons and the commands to be
 * run by hand, later, do not.
 */
export function planFixBesideLogging(
  ruleset: Ruleset,
  surroundings: Surroundings,
  failing: readonly Conversation[],
  choice: Choice,
  options: FixOptions,
): FixPlan {
  const plan = planFix(ruleset, surroundings, failing, choice, options);
  const bare = withoutOwnLogging(ruleset);
  if (bare === ruleset) return plan;
  const { changes, policies, remaining, notes, jumped, keptGuards, apply } = planFix(
    bare,
    surroundings,
    failing,
    choice,
    options,
  );
  return { ...plan, changes, policies, remaining, notes, jumped, keptGuards, byHand: apply };
}
