// Turning logging on for the time of the search: a rule right before each rule that drops loopback packets without a line in the log.

import type { Conversation, RulePlace, Surroundings, Trace } from '../conversation/trace.ts';
import { traceConversation } from '../conversation/trace-conversation.ts';
import { traceOnce } from '../conversation/trace-once.ts';
import { callersOf } from '../model/jumps.ts';
import type { Chain, Ruleset, Table } from '../model/model.ts';
import { isCondition } from '../model/steps.ts';
import type { FinalRule } from '../questions/final-rule.ts';
import { isLetThrough } from '../questions/is-let-through.ts';
import { probeConversations } from '../questions/probe-conversations.ts';
import { chainOf, findStops, type StopOnWay } from './place/find-stops.ts';
import { orderOf, placeChanges, samePlace, type Wanted } from './place/place-changes.ts';
import type { LoggingChange, LoggingPlan, PlanOptions, Remaining } from './plan.ts';
import type { AddedRule } from './rule/added-rule.ts';
import { chainAt } from './rule/apply-change.ts';
import { directionAt } from './rule/permit-rule.ts';
import { loggingCaseOf, logPrefixOf, tagOf } from './rule/tag.ts';
import { planApply, planUndo, writeRule } from './rule/write-rule.ts';
import { canBeCopied, findSilentOthers, type SilentOther } from './tell/silent-others.ts';

/** `probes`: the conversations that stand for all of loopback (`probeConversations`; without them, those the rules themselves suggest). */
export type LoggingOptions = PlanOptions & {
  readonly probes?: readonly Conversation[];
  /** The final rules of the outbound chains: what they drop of other traffic is logged as well, also where lo passes. */
  readonly finals?: readonly FinalRule[];
};

/**
 * Plans log rules so that each loopback packet that will be dropped is logged first, loopback within a limit of its own (10 a second)
 * that other traffic can't use up; what outbound rules drop of other traffic is logged sparsely (6 a minute). Null where nothing is dropped, or all
 * that is gets logged whatever happens.
 */
export function planLogging(ruleset: Ruleset, surroundings: Surroundings, options: LoggingOptions): LoggingPlan | null {
  const probes = options.probes ?? probeConversations({ ruleset, ownAddresses: surroundings.ownAddresses ?? [] });
  const silent = probes
    .map((probe) => traceOnce(ruleset, probe, surroundings))
    .filter((trace) => !isLetThrough(trace) && trace.logged !== 'yes');
  const stops = distinctStops(silent.flatMap((trace) => findStops(ruleset, trace)));
  const wanted: WantedLog[] = [];
  const sorted = stops.toSorted((a, b) => orderOf(ruleset, chainOf(a.rule)) - orderOf(ruleset, chainOf(b.rule)));
  for (const stop of sorted) wanted.push(...wantLogs(ruleset, stop, wanted.length, options.caseId));
  for (const one of findSilentOthers(ruleset, options.finals ?? [], wanted))
    wanted.push(...wantOther(ruleset, one, wanted.length, options.caseId));
  if (silent.length === 0 && wanted.length === 0) return null;
  const { placed, after } = placeChanges(ruleset, wanted);
  const changes = placed.map(({ change, wanted: { log } }): LoggingChange => ({ ...change, ...log }));
  return {
    tag: tagOf(loggingCaseOf(options.caseId)),
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
function distinctStops(stops: readonly StopOnWay[]): StopOnWay[] {
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

function wantLogs(ruleset: Ruleset, { rule, hook, path }: StopOnWay, before: number, caseId: string): WantedLog[] {
  const place = chainOf(rule);
  const { table, chain } = chainAt(ruleset, place);
  const at = path.at(-1)?.number ?? 1;
  const dropping = chain.rules[at - 1] ?? null;
  if (dropping?.steps.some((step) => !canBeCopied(step))) return [];
  const conditional = dropping?.steps.some(isCondition) ?? false;
  const others = !conditional && hook.hook === 'output' && onlyFromOutput(table, chain);
  const kinds = others ? (['loopback', 'other'] as const) : (['loopback'] as const);
  const copied = conditional ? dropping : null;
  return kinds.flatMap((traffic, offset) =>
    wantLog(
      ruleset,
      { place, at, rule, copied, traffic, direction: directionAt(hook.hook) },
      before + offset + 1,
      caseId,
    ),
  );
}

/** A rule that logs what `rule` stops of one kind of traffic, right before it. */
type Log = Pick<AddedRule, 'copied' | 'traffic' | 'direction'> &
  Pick<Wanted, 'place' | 'at'> & { readonly rule: RulePlace };

function wantLog(ruleset: Ruleset, log: Log, number: number, caseId: string): WantedLog[] {
  const { place, at, rule, copied, traffic, direction } = log;
  const prefix = `${logPrefixOf(caseId)}${number} `;
  const added: AddedRule = {
    direction,
    traffic,
    copied,
    only: null,
    limit: traffic === 'loopback' ? { rate: 10, per: 'second', burst: 50 } : { rate: 6, per: 'minute', burst: 5 },
    action: { kind: 'log', prefix },
    comment: `${tagOf(loggingCaseOf(caseId))}${number}`,
  };
  const written = writeRule(place, chainAt(ruleset, place).chain, added);
  return written
    ? [{ place, at, written, reason: describeLog(rule, traffic), log: { prefix, reports: rule, traffic } }]
    : [];
}

function wantOther(ruleset: Ruleset, { rule, at, copied }: SilentOther, before: number, caseId: string): WantedLog[] {
  return wantLog(
    ruleset,
    { place: chainOf(rule), at, rule, copied, traffic: 'other', direction: 'out' },
    before + 1,
    caseId,
  );
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
  const callers = callersOf(table, name);
  return callers.length > 0 && callers.every(({ caller }) => onlyFromOutput(table, caller));
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
