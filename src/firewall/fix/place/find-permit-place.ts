// Where a permit has to go so that it comes before every rule that stops the traffic, and no earlier.

import type { Chain, Rule, Ruleset } from '../../model/model.ts';
import { isCondition } from '../../model/steps.ts';
import type { ChainPlace } from '../plan.ts';
import { chainAt } from '../rule/apply-change.ts';
import { canBeNamed } from '../rule/write-rule.ts';
import type { Waypoint } from './find-stops.ts';
import { untilMadeAnew } from './made-anew.ts';

/** Before rule `at` of the chain; `stoppers` are the rules there that stop traffic, or jump to where it is stopped. */
export type PermitPlace = { readonly place: ChainPlace; readonly at: number; readonly stoppers: readonly number[] };

/**
 * The latest place that comes before all the stops, whose paths start in one base chain: in the deepest chain that all paths share, before
 * the first rule where they leave it, and before the logging that belongs to that rule.
 */
export function findPermitPlace(ruleset: Ruleset, paths: readonly (readonly Waypoint[])[]): PermitPlace | null {
  const shortened = paths.map((path) => withoutDropChains(ruleset, untilMadeAnew(untilUnnamed(path))));
  const [first] = shortened;
  if (first === undefined) return null;
  let depth = 0;
  while (shortened.every((path) => goesAlong(path, first, depth))) depth++;
  const stoppers = [...new Set(shortened.map((path) => path[depth]?.number ?? 1))].sort((a, b) => a - b);
  const place = first[depth]?.place;
  const [earliest] = stoppers;
  if (place === undefined || earliest === undefined) return null;
  return { place, at: beforeLogging(chainAt(ruleset, place).chain, earliest), stoppers };
}

/** A chain in braces takes no rule of another: the permit goes before the rule that it stands in. */
function untilUnnamed(path: readonly Waypoint[]): readonly Waypoint[] {
  const unnamed = path.findIndex(({ place }) => !canBeNamed(place));
  return unnamed < 0 ? path : path.slice(0, unnamed);
}

/** True where both paths go from this depth on into the same chain by the same rule. A verdict map leads into several. */
function goesAlong(path: readonly Waypoint[], first: readonly Waypoint[], depth: number): boolean {
  const [here, next] = [path[depth], path[depth + 1]];
  if (here === undefined || next === undefined) return false;
  return here.number === first[depth]?.number && next.place.chain === first[depth + 1]?.place.chain;
}

/** A chain that does nothing but log and drop is the final rule's way of saying "drop": the final rule is the one that jumps there. */
function withoutDropChains(ruleset: Ruleset, path: readonly Waypoint[]): readonly Waypoint[] {
  const last = path.at(-1);
  if (path.length < 2 || last === undefined) return path;
  const { chain } = chainAt(ruleset, last.place);
  const onlyDrops = chain.rules.every((rule) => !rule.steps.some(mayPermit));
  return onlyDrops ? withoutDropChains(ruleset, path.slice(0, -1)) : path;
}

function mayPermit(step: Rule['steps'][number]): boolean {
  return (
    step.kind === 'verdict-map' ||
    (step.kind === 'verdict' && !['drop', 'reject', 'continue'].includes(step.verdict.kind))
  );
}

/** Log rules right before a drop report it; a permit after them would let them report what passes. */
function beforeLogging(chain: Chain, number: number): number {
  let at = number;
  while (isLogOnly(chain.rules[at - 2])) at--;
  return at;
}

function isLogOnly(rule: Rule | undefined): boolean {
  const actions = rule?.steps.filter((step) => !isCondition(step)) ?? [];
  return actions.length > 0 && actions.every((step) => step.kind === 'log');
}
