// A trace as the document `lo-doctor.trace/1`.
import type { Finding } from '../../diagnosis/finding.ts';
import type { Doubt, HookTrace, Met, RulePlace, SentAway, Trace } from '../../firewall/conversation/trace.ts';

/** Of more neighbours than these that don't match, only the number is said (`omitted`). */
const LONGEST_RUN = 1000;

/**
 * The trace in the shape that scripts rely on; `inTheWay`: what stops it beside the rules; `missing`: what the dumps don't hold; `omitted` counts rules in
 * very long chains that did not match and are left out.
 */
export function traceDocument(trace: Trace, inTheWay: readonly Finding[], missing: readonly string[] | null) {
  const { conversation, outcome, sentAway, logged, stoppedAt, unknown, packets } = trace;
  const { protocol, source, destination, sourcePort, destinationPort, uid } = conversation;
  return {
    schema: 'lo-doctor.trace/1',
    conversation: { protocol, source, destination, sourcePort, destinationPort, uid },
    // docs/contract.md has three outcomes; where NAT sends it is told beside.
    outcome: outcome === 'leaves' ? ('unknown' as const) : outcome,
    ...(sentAway.length === 0 ? {} : { sentAway: sentAway.map(awayDocument) }),
    logged,
    stoppedAt: stoppedAt && { ...stoppedAt, rule: placeDocument(stoppedAt.rule) },
    unknown: unknown.map(doubtDocument),
    ...(inTheWay.length > 0 ? { inTheWay } : {}),
    ...(missing === null ? {} : { notInDump: missing }),
    packets: packets.map(({ packet, hooks }) => ({ packet, hooks: hooks.map(hookDocument) })),
  };
}

function placeDocument({ layer, family, table, chain, number, text, origin }: RulePlace) {
  return { layer, family, table, chain, number, text, ...(origin === undefined ? {} : { origin }) };
}

function awayDocument({ address, port, rule }: SentAway) {
  return { address, port, rule: placeDocument(rule) };
}

function doubtDocument({ rule, what, settledBy }: Doubt) {
  return { rule: placeDocument(rule), what, settledBy };
}

function hookDocument({ hook, verdict, way, logs }: HookTrace) {
  const shown = way.flatMap((part) => ('rule' in part ? part : part.count > LONGEST_RUN ? [] : part.each));
  const omitted = way.reduce((sum, part) => sum + ('count' in part && part.count > LONGEST_RUN ? part.count : 0), 0);
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
