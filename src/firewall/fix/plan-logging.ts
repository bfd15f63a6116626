// Turning logging on for the time of the search: a rule right before each rule that drops loopback packets without a line in the log.
import type { Chain, Ruleset, Table } from '../model.ts';
import { probeConversations } from '../probe-conversations.ts';
import type { Step } from '../steps.ts';
import type { Conversation, RulePlace, Surroundings, Trace } from '../trace.ts';
import { traceConversation } from '../trace-conversation.ts';
import { type AddedRule, isCondition } from './added-rule.ts';
import { chainAt } from './apply-change.ts';
import { chainOf, findStops, type Stop } from './find-stops.ts';
import { directionAt } from './permit-rule.ts';
import { orderOf, placeChanges, samePlace, type Wanted } from './place-changes.ts';
import type { LoggingChange, LoggingPlan, PlanOptions, Remaining } from './plan.ts';
import { logPrefixOf, tagOf } from './tag.ts';
import { planApply, planUndo, writeRule } from './write-rule.ts';

/** `probes`: the conversations that stand for all of loopback (`probeConversations`; without them, those the rules themselves suggest). */
export type LoggingOptions = PlanOptions & { readonly probes?: readonly Conversation[] };

/**
 * Plans log rules so that each loopback packet that will be dropped is logged first, loopback within a limit of its own (10 a second)
 * that other traffic can't use up; where a final rule of the outbound policy drops all the rest too, that is logged sparsely (6 a minute).
 * Null where nothing on lo is dropped, or all that is gets logged whatever happens.
 */
export function planLogging(ruleset: Ruleset, surroundings: Surroundings, options: LoggingOptions): LoggingPlan | null {
  const probes = options.probes ?? probeConversations({ ruleset, ownAddresses: surroundings.ownAddresses ?? [] });
  const silent = probes
    .map((probe) => traceConversation(ruleset, probe, surroundings))
    .filter(({ outcome, logged }) => outcome !== 'works' && logged !== 'yes');
  if (silent.length === 0) return null;
  const stops = distinctStops(silent.flatMap((trace) => findStops(ruleset, trace)));
  const wanted: WantedLog[] = [];
  const sorted = stops.toSorted((a, b) => orderOf(ruleset, chainOf(a.rule)) - orderOf(ruleset, chainOf(b.rule)));
  for (const stop of sorted) wanted.push(...wantLogs(ruleset, stop, wanted.length, options.caseId));
  const { placed, after } = placeChanges(ruleset, wanted);
  const changes = placed.map(({ change, wanted: { log } }): LoggingChange => ({ ...change, ...log }));
  return {
    tag: tagOf(options.caseId),
    prefix: logPrefixOf(options.caseId),
    changes,
    apply: planApply(placed, options),
    undo: planUndo(placed, options),
    after,
    unlogged: silent.flatMap(({ conversation }) =>
      explainSilence(traceConversation(after, conversation, surroundings), options.caseId),
    ),
  };
}

type WantedLog = Wanted & { readonly log: Pick<LoggingChange, 'prefix' | 'reports' | 'traffic'> };

/** A rule can stop what leaves by lo and what comes in by it: two stops, since they need two conditions. */
function distinctStops(stops: readonly Stop[]): Stop[] {
  return stops.filter((stop, at) => {
    const first = stops.findIndex(
      ({ rule, hook }) =>
        samePlace(rule, stop.rule) &&
        rule.number === stop.rule.number &&
        directionAt(hook.hook) === directionAt(stop.hook.hook),
    );
    return first === at;
  });
}

function wantLogs(ruleset: Ruleset, { rule, hook, path }: Stop, before: number, caseId: string): WantedLog[] {
  const place = chainOf(rule);
  const { table, chain } = chainAt(ruleset, place);
  const at = path.at(-1)?.number ?? 1;
  const dropping = chain.rules[at - 1] ?? null;
  if (dropping?.steps.some((step) => !canBeCopied(step))) return [];
  const conditional = dropping?.steps.some(isCondition) ?? false;
  const others = !conditional && hook.hook === 'output' && onlyFromOutput(table, chain);
  const kinds = others ? (['loopback', 'other'] as const) : (['loopback'] as const);
  return kinds.flatMap((traffic, offset): WantedLog[] => {
    const number = before + offset + 1;
    const prefix = `${logPrefixOf(caseId)}${number} `;
    const added: AddedRule = {
      direction: directionAt(hook.hook),
      traffic,
      copied: conditional ? dropping : null,
      only: null,
      limit: traffic === 'loopback' ? { rate: 10, per: 'second', burst: 50 } : { rate: 6, per: 'minute', burst: 5 },
      action: { kind: 'log', prefix },
      comment: `${tagOf(caseId)}log ${number}`,
    };
    const written = writeRule(place, chain, added);
    return written
      ? [{ place, at, written, reason: describeLog(rule, traffic), log: { prefix, reports: rule, traffic } }]
      : [];
  });
}

/** What depends on more than the packet can't be: a second counter of it would see other packets, or disturb the first. */
function canBeCopied(step: Step): boolean {
  return step.kind === 'verdict' || (isCondition(step) && step.kind !== 'sometimes' && step.kind !== 'unknown');
}

function describeLog({ number }: RulePlace, traffic: 'loopback' | 'other'): string {
  const dropper = number === 0 ? 'the policy drops it' : `rule ${number} drops it`;
  return traffic === 'loopback'
    ? `Logs what leaves or comes in by lo, right before ${dropper}; at most 10 lines a second.`
    : `Logs a sample of all other traffic, right before ${dropper}: at most 6 lines a minute, apart from those for lo.`;
}

/** True where no packet that is on its way in or through the host comes to the chain. */
function onlyFromOutput(table: Table, { name, base }: Chain): boolean {
  if (base !== null) return base.hook === 'output';
  const callers = [...table.chains.values()].filter(({ rules }) =>
    rules.some(({ steps }) =>
      steps.some((step) => step.kind === 'verdict' && 'chain' in step.verdict && step.verdict.chain === name),
    ),
  );
  return callers.length > 0 && callers.every((caller) => onlyFromOutput(table, caller));
}

/** Empty where the packet that is stopped is logged by a rule of the case. */
function explainSilence({ conversation, stoppedAt, packets, logged }: Trace, caseId: string): Remaining[] {
  const ours = packets.some(({ hooks }) =>
    hooks.some(({ logs }) => logs.some(({ log }) => log.prefix.startsWith(logPrefixOf(caseId)))),
  );
  if (logged === 'yes' || ours) return [];
  const why = 'What this rule drops depends on more than can be copied into a log rule.';
  return [{ conversation, why, rule: stoppedAt?.rule ?? null }];
}
