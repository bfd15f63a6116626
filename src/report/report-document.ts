// A finished walk as a document for machines (schema lo-doctor.report/1).
import type { RulePlace } from '../firewall/conversation/trace.ts';
import type { Case, Outcome } from '../wizard/state.ts';

/** A rule in docs/contract.md's shape. */
export const rulePlace = ({ layer, family, table, chain, number, text, origin }: RulePlace) => ({
  layer,
  family,
  table,
  chain,
  number,
  text,
  ...(origin === undefined ? {} : { origin }),
});

/** The report of a walk; addresses, commands and lines are as they were seen. */
export const reportDocument = (walk: Case, outcome: Outcome, host: string) => ({
  schema: 'lo-doctor.report/1',
  case: walk.id,
  host,
  begun: walk.startedAt.toISOString(),
  outcome,
  loopback:
    walk.inspection === null
      ? null
      : {
          ip: walk.inspection.loopback.ip.outcome,
          ip6: walk.inspection.loopback.ip6.outcome,
          own: walk.inspection.loopback.own.outcome,
        },
  blocked: (walk.diagnosis?.blocked ?? []).map(({ conversation, entries, listener, sample, stop }) => ({
    conversation,
    entries,
    line: sample?.text ?? null,
    listener,
    stoppedAt: stop === null ? null : { packet: stop.packet, hook: stop.hook, rule: rulePlace(stop.rule) },
  })),
  findings: walk.diagnosis?.findings ?? [],
  attempts: walk.attempts,
  fix:
    walk.plan === null
      ? null
      : {
          choice: walk.plan.choice,
          commands: walk.plan.apply,
          undo: walk.plan.undo,
          proof: walk.plan.proof,
          jumped: walk.plan.jumped.map(({ rule, ...what }) => ({ ...what, rule: rulePlace(rule) })),
          keptGuards: walk.plan.keptGuards.map(({ rule, conversation }) => ({ conversation, rule: rulePlace(rule) })),
          remaining: walk.plan.remaining.map(({ conversation, why }) => ({ conversation, why })),
        },
  verification:
    walk.verification === null
      ? null
      : {
          ...walk.verification,
          works: walk.verification.result === 'works',
          drops: walk.verification.drops?.map(({ line }) => line.text) ?? null,
        },
  saved: walk.saved,
  history: walk.history.map(({ at, event }) => ({ at: at.toISOString(), event })),
});
