// Why a conversation will still fail after the fix, said before it is applied.

import type { RulePlace, Trace } from '../../conversation/trace.ts';
import type { Ruleset } from '../../model/model.ts';
import { metRules, ruleAt } from '../place/find-stops.ts';
import type { Remaining } from '../plan.ts';
import { chainAt } from '../rule/apply-change.ts';

/** For a conversation as it goes under the rules that it is traced with. */
export function explainRemaining(ruleset: Ruleset, trace: Trace): Remaining {
  const { conversation, outcome, stoppedAt, unknown } = trace;
  const rewriting = findRewriting(ruleset, trace);
  const because = (why: string, rule: RulePlace | null): Remaining => ({ conversation, why, rule });
  if (outcome === 'leaves') {
    return because(
      'This rule sends it off lo, as it is meant to: no permit for loopback decides what becomes of it there.',
      rewriting,
    );
  }
  if (outcome === 'works') {
    return rewriting === null
      ? because('The rules let it pass as they are: something else is in the way.', null)
      : because('The rules let it pass, but this one sends it elsewhere, where perhaps nobody answers.', rewriting);
  }
  if (rewriting !== null) {
    return because(
      'This rule rewrites where the packets go, and no permit for loopback decides what becomes of them there.',
      rewriting,
    );
  }
  if (stoppedAt !== null) {
    const isNat = chainAt(ruleset, stoppedAt.rule).chain.base?.type === 'nat';
    return because(
      isNat
        ? 'It is dropped in a chain that is for address translation, where a permit would change the translation of all loopback traffic.'
        : 'No permit that can be written for this place lets it pass.',
      stoppedAt.rule,
    );
  }
  const [doubt] = unknown;
  if (doubt === undefined) return because('It cannot be told whether it passes.', null);
  return because(
    `Whether it passes depends on "${doubt.what}"; it would be settled by ${doubt.settledBy}.`,
    doubt.rule,
  );
}

/** The rule met that redirects the conversation or changes its destination. */
function findRewriting(ruleset: Ruleset, { packets }: Trace): RulePlace | null {
  const rewrites = (place: RulePlace) =>
    ruleAt(ruleset, place)?.steps.some(
      (step) => step.kind === 'nat' && (step.nat === 'redirect' || step.nat === 'dnat'),
    ) ?? false;
  return packets.flatMap(({ hooks }) => hooks.flatMap(metRules)).find(rewrites) ?? null;
}
