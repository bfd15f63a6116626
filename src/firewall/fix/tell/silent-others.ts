// Outbound rules that stop traffic of other devices than lo without a line in the log.

import type { RulePlace } from '../../conversation/trace.ts';
import type { Rule, Ruleset } from '../../model/model.ts';
import { placeOf } from '../../model/rule-place.ts';
import { isCondition, type Step } from '../../model/steps.ts';
import type { FinalRule } from '../../questions/final-rule.ts';
import { chainOf } from '../place/find-stops.ts';
import { samePlace, type Wanted } from '../place/place-changes.ts';
import { chainAt, endOf } from '../rule/apply-change.ts';

/** The rule that stops it, where a log rule has to go to come before it, and the rule whose conditions it needs (null: none). */
export type SilentOther = { readonly rule: RulePlace; readonly at: number; readonly copied: Rule | null };

/** Rules with conditions of their own that are logged, of one chain. */
const MOST = 6;

/** The final rules first, then what stops something before them; without those that `wanted` sees to already. */
export function findSilentOthers(
  ruleset: Ruleset,
  finals: readonly FinalRule[],
  wanted: readonly (Wanted & { readonly log: { readonly traffic: 'loopback' | 'other' } })[],
): SilentOther[] {
  return finals
    .flatMap((final) => [...finalOf(ruleset, final), ...earlierIn(ruleset, final)])
    .filter(
      ({ rule, at }) =>
        !wanted.some((one) => one.log.traffic === 'other' && one.at === at && samePlace(one.place, chainOf(rule))),
    );
}

function finalOf(ruleset: Ruleset, { rule, action, logs }: FinalRule): SilentOther[] {
  if ((action !== 'drop' && action !== 'reject') || logs === 'always') return [];
  const { chain } = chainAt(ruleset, chainOf(rule));
  return [{ rule, at: rule.number === 0 ? endOf(chain) : rule.number, copied: null }];
}

/** Rules of the outbound chain that stop some of it and have no log rule right before them. */
function earlierIn(ruleset: Ruleset, { rule }: FinalRule): SilentOther[] {
  const { table, chain } = chainAt(ruleset, chainOf(rule));
  const reached = rule.number === 0 ? chain.rules : chain.rules.slice(0, rule.number - 1);
  return reached
    .filter((one, index) => stopsSome(one) && !(reached[index - 1]?.steps.some(({ kind }) => kind === 'log') ?? false))
    .slice(0, MOST)
    .map((one) => ({ rule: placeOf(table, chain.name, one), at: one.number, copied: one }));
}

function stopsSome({ steps }: Rule): boolean {
  const stops = steps.some(
    (step) => step.kind === 'verdict' && (step.verdict.kind === 'drop' || step.verdict.kind === 'reject'),
  );
  return stops && steps.some(isCondition) && steps.every(canBeCopied) && !steps.some(isAboutLo);
}

/** What depends on more than the packet can't be: a second counter of it would see other packets, or disturb the first. */
export function canBeCopied(step: Step): boolean {
  return step.kind === 'verdict' || (isCondition(step) && step.kind !== 'sometimes' && step.kind !== 'unknown');
}

/** A rule for lo alone stops nothing of other devices. */
function isAboutLo(step: Step): boolean {
  if (step.kind !== 'compare' || step.negated || step.operand.kind !== 'field') return false;
  return step.operand.field === 'meta oifname' && step.values.every((value) => value === 'lo');
}
