// What an own attempt tells where the rules alone don't: a failure convicts the rule that can have done it; a success proves one moment only.

import type { ConnectionEnd, Conversation, RulePlace, Trace } from '../../firewall/conversation/trace.ts';
import { findStops, ruleAt, type StopOnWay } from '../../firewall/fix/place/find-stops.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { stopVerdict } from '../drops/find-drop-behind.ts';

/** A conversation with a service that listens, opened once; `rose`: the doubtful rules whose counters rose meanwhile. */
export type Tried = {
  readonly conversation: Conversation;
  readonly end: ConnectionEnd;
  readonly rose: readonly RulePlace[];
};

/** The rules that may stop a conversation of which that is not known. */
export const findSuspects = (ruleset: Ruleset, trace: Trace): RulePlace[] =>
  trace.outcome === 'unknown' ? findStops(ruleset, trace).map(({ rule }) => rule) : [];

/**
 * The traces as the attempts leave them: blocked, where one failed in a way that only these rules explain, and with it all that hangs on the
 * very same answer; else as they were.
 */
export const settleByTrying = (ruleset: Ruleset, traces: readonly Trace[], tried: readonly Tried[]): readonly Trace[] =>
  tried.reduce<readonly Trace[]>((settled, attempt) => {
    const own = settled.find(({ conversation }) => isSame(conversation, attempt.conversation));
    if (own?.outcome !== 'unknown' || findCulprits(ruleset, own, attempt).length === 0) return settled;
    return settled.map((trace) =>
      trace === own || hangsOnTheSame(ruleset, own, trace) ? convict(ruleset, trace, attempt) : trace,
    );
  }, traces);

const convict = (ruleset: Ruleset, trace: Trace, attempt: Tried): Trace => {
  const culprits = findCulprits(ruleset, trace, attempt);
  const stop = culprits.find(({ rule }) => attempt.rose.some((one) => isSame(one, rule))) ?? soleOf(culprits);
  return { ...trace, outcome: 'blocked', stoppedAt: stop === null ? null : toStop(ruleset, stop), unknown: [] };
};

/** One and the same doubt, which only the addresses decide, and the same rules that stop it then. */
const hangsOnTheSame = (ruleset: Ruleset, own: Trace, other: Trace): boolean => {
  const [doubt, ...more] = own.unknown;
  if (doubt === undefined || more.length > 0 || !BY_ADDRESS.test(doubt.what) || other.outcome !== 'unknown')
    return false;
  const { source, destination } = own.conversation;
  const isSameWay = other.conversation.source === source && other.conversation.destination === destination;
  return (
    isSameWay && isSame(own.unknown, other.unknown) && isSame(findSuspects(ruleset, own), findSuspects(ruleset, other))
  );
};

const BY_ADDRESS = /^-m set (?:! )?--match-set \S+ (?:src|dst)$/;

/** The rules in doubt that such an end can come from: none but one that rejects refuses where somebody listens; who is silent by itself counts in no rule. */
const findCulprits = (ruleset: Ruleset, trace: Trace, { conversation, end, rose }: Tried): StopOnWay[] => {
  const stops = findStops(ruleset, trace);
  const rejects = (stop: StopOnWay) => toStop(ruleset, stop)?.verdict === 'reject';
  const counted = ({ rule }: StopOnWay) => rose.some((one) => isSame(one, rule));
  switch (end) {
    case 'not-permitted':
      return stops.filter((stop) => rejects(stop) || (isSaidByDrop(stop, conversation) && counted(stop)));
    case 'refused':
    case 'unreachable':
      return stops.filter(rejects);
    case 'timed-out':
      return stops.filter(counted);
    case 'connected':
    case 'failed':
      return [];
  }
};

/** Who sends a datagram or a ping is told at once that a rule has dropped it on its way out; who opens a TCP connection is not. */
const isSaidByDrop = ({ packet, hook }: StopOnWay, { protocol }: Conversation): boolean =>
  protocol !== 'tcp' && packet === 'request' && (hook.hook === 'output' || hook.hook === 'postrouting');

const toStop = (ruleset: Ruleset, { packet, hook, rule }: StopOnWay): Trace['stoppedAt'] => {
  const found = ruleAt(ruleset, rule);
  return { packet, hook: hook.hook, rule, verdict: (found && stopVerdict(found)) ?? 'drop' };
};

const soleOf = (stops: readonly StopOnWay[]): StopOnWay | null => (stops.length === 1 ? (stops[0] ?? null) : null);

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
