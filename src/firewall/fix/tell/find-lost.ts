// What a plan had promised and the rules in force don't do: its rules have come to stand elsewhere, or others have been put before them.

import type { Conversation, Surroundings } from '../../conversation/trace.ts';
import { traceOnce } from '../../conversation/trace-once.ts';
import type { Ruleset } from '../../model/model.ts';
import { isLetThrough } from '../../questions/is-let-through.ts';
import type { FixPlan } from '../plan.ts';

/**
 * The conversations that the plan repairs, and those of the probes that pass under its rules, which don't pass under the rules `now`; and
 * what guards were to stop and do no longer. */
export function findLost(
  { after, repaired, keptGuards }: FixPlan,
  now: Ruleset,
  surroundings: Surroundings,
  probes: readonly Conversation[],
): Conversation[] {
  const passes = (rules: Ruleset, one: Conversation) => isLetThrough(traceOnce(rules, one, surroundings));
  const opened = keptGuards
    .map(({ conversation }) => conversation)
    .filter((one) => passes(now, one) && !passes(after, one));
  return [...opened, ...[...repaired, ...probes].filter((one) => !passes(now, one) && passes(after, one))];
}
