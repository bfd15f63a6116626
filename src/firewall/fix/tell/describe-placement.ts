// Why a permit goes where it goes, in words.

import type { Rule, Ruleset } from '../../model/model.ts';
import { isCondition } from '../../model/steps.ts';
import type { PermitPlace } from '../place/find-permit-place.ts';
import { chainAt } from '../rule/apply-change.ts';

/** One sentence. */
export function describePlacement(ruleset: Ruleset, { place, at, stoppers }: PermitPlace): string {
  const { chain } = chainAt(ruleset, place);
  const [first = at] = stoppers;
  const rule = chain.rules[first - 1];
  const logging = at === first ? '' : ` and the logging in front of it (${ruleNumbers(at, first - 1)})`;
  if (rule === undefined) {
    return `At the end of ${chain.name}${logging.replace(' and', ', before')}, just before its policy drops what is left.`;
  }
  if (stoppers.length > 1) {
    return `Before rule ${first}${logging}, the first of the rules that stop it (${stoppers.map((number) => (number > chain.rules.length ? 'the policy' : number)).join(', ')}): just before the last of them it would come too late.`;
  }
  if (rule.steps.some((step) => step.kind === 'verdict' && step.verdict.kind === 'return')) {
    return `Just before rule ${first}${logging}, which leaves it to the policy of ${chain.name}, and that drops it.`;
  }
  const target = jumpTarget(rule);
  if (target !== null) {
    return `Just before rule ${first}${logging}, which sends the traffic to ${target}, where it is stopped.`;
  }
  if (rule.steps.some(isCondition)) return `Just before rule ${first}${logging}, which stops it.`;
  return `Just before the final rule, rule ${first}${logging}, so that all rules above keep their say.`;
}

function ruleNumbers(from: number, to: number): string {
  return from === to ? `rule ${from}` : `rules ${from} to ${to}`;
}

function jumpTarget(rule: Rule): string | null {
  const jump = rule.steps.find((step) => step.kind === 'verdict');
  return jump !== undefined && (jump.verdict.kind === 'jump' || jump.verdict.kind === 'goto')
    ? jump.verdict.chain
    : null;
}
