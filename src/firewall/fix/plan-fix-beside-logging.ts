// The plan of a fix while lo-doctor's temporary log rules are in force: made for the rules as they are, told as they will be without those.

import type { FixPlan } from './plan.ts';
import { planFix } from './plan-fix.ts';
import { withoutOwnLogging } from './without-own-logging.ts';

/**
 * As planFix. The commands that lo-doctor runs count its own log rules, which are there then; the listings, the reasons and the commands to be
 * run by hand, later, do not.
 */
export function planFixBesideLogging(...asked: Parameters<typeof planFix>): FixPlan {
  const [ruleset, ...rest] = asked;
  const plan = planFix(...asked);
  const bare = withoutOwnLogging(ruleset);
  if (bare === ruleset) return plan;
  const { changes, policies, remaining, notes, jumped, keptGuards, apply } = planFix(bare, ...rest);
  return { ...plan, changes, policies, remaining, notes, jumped, keptGuards, byHand: apply };
}
