// A trace as the document `lo-doctor.trace/1`.
import type { Doubt, HookTrace, Met, RulePlace, Trace } from '../firewall/trace.ts';

/** Beyond this many rules in one hook, those that don't match are only counted (`omitted`). */
const MOST_RULES = 1000;

/** The trace in the shape that scripts rely on; `omitted` counts rules of a very long hook that did not match and are left out. */
export function traceDocument(trace: Trace) {
  const { conversation, outcome, logged, stoppedAt, unknown, packets } = trace;
  const { protocol, source, destination, sourcePort, destinationPort, uid } = conversation;
  return {
    schema: 'lo-doctor.trace/1',
    conversation: { protocol, source, destination, sourcePort, destinationPort, uid },
    outcome,
    logged,
    stoppedAt: stoppedAt && { ...stoppedAt, rule: placeDocument(stoppedAt.rule) },
    unknown: unknown.map(doubtDocument),
    packets: packets.map(({ packet, hooks }) => ({ packet, hooks: hooks.map(hookDocument) })),
  };
}

function placeDocument({ layer, family, table, chain, number, text }: RulePlace) {
  return { layer, family, table, chain, number, text };
}

function doubtDocument({ rule, what, settledBy }: Doubt) {
  return { rule: placeDocument(rule), what, settledBy };
}

function hookDocument({ hook, verdict, rules, logs }: HookTrace) {
  const shown = rules.length > MOST_RULES ? rules.filter(({ match }) => match !== 'no') : rules;
  const omitted = rules.length - shown.length;
  return {
    hook,
    verdict,
    rules: shown.map(metDocument),
    ...(omitted > 0 ? { omitted } : {}),
    logs: logs.map(({ rule, log, certain }) => ({ rule: placeDocument(rule), prefix: log.prefix, certain })),
  };
}

function metDocument({ rule, match, doubts }: Met) {
  return { ...placeDocument(rule), match, ...(doubts.length > 0 ? { unknown: doubts.map(({ what }) => what) } : {}) };
}
