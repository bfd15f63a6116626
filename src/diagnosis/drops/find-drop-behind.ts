// What surely becomes of a packet that has come as far as a log rule, where the evaluation can't tell whether it comes so far.

import type { Met, RulePlace, Stop } from '../../firewall/conversation/trace.ts';
import { chainAt } from '../../firewall/fix/rule/apply-change.ts';
import type { Rule, Ruleset } from '../../firewall/model/model.ts';
import { placeOf, policyPlace } from '../../firewall/model/rule-place.ts';
import { type Condition, isCondition, type Step } from '../../firewall/model/steps.ts';

type Drop = Pick<Stop, 'rule' | 'verdict'>;

/**
 * The rule behind the log rule `writer` in its chain, or the policy, that stops every packet which that rule logs; null where a rule
 * between them may decide otherwise. `met`: the rules that the packet met, of which those that did not match are passed over.
 */
export const findDropBehind = (ruleset: Ruleset, writer: RulePlace, met: readonly Met[]): Drop | null => {
  const { table, chain } = chainAt(ruleset, writer);
  const logging = chain.rules[writer.number - 1];
  for (const rule of chain.rules.slice(writer.number)) {
    if (isPassed(met, writer, rule)) continue;
    if (!rule.steps.every((step) => isCertain(step, logging))) return null;
    if (rule.steps.some(({ kind }) => kind === 'verdict' || kind === 'verdict-map' || kind === 'nat')) {
      const verdict = stopVerdict(rule);
      return verdict === null ? null : { rule: placeOf(table, chain.name, rule), verdict };
    }
  }
  return chain.base?.policy === 'drop' ? { rule: policyPlace(table, chain), verdict: 'drop' } : null;
};

/** How a rule stops what matches it; null where it doesn't. */
export const stopVerdict = ({ steps }: Rule): Stop['verdict'] | null => {
  for (const step of steps) {
    if (step.kind !== 'verdict') continue;
    if (step.verdict.kind === 'drop' || step.verdict.kind === 'reject') return step.verdict.kind;
  }
  return null;
};

const isPassed = (met: readonly Met[], { chain, table }: RulePlace, { number }: Rule): boolean =>
  met.some(
    ({ rule, match }) => match === 'no' && rule.number === number && rule.chain === chain && rule.table === table,
  );

/** True for an action, and for a condition that the log rule has as well. */
const isCertain = (step: Step, logging: Rule | undefined): boolean => {
  if (!isCondition(step)) return true;
  if (step.kind === 'sometimes' || step.kind === 'unknown') return false;
  return logging?.steps.some((one) => isCondition(one) && isSame(one, step)) ?? false;
};

const isSame = (a: Condition, b: Condition): boolean => write(a) === write(b);

const write = (condition: Condition): string =>
  JSON.stringify(condition, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
