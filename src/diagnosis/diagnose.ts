// What was seen while it failed, tied to the rules: which loopback conversations the firewall stops, and by which evidence.

import type { Conversation, RulePlace, Stop, Surroundings, Trace } from '../firewall/conversation/trace.ts';
import { traceConversation } from '../firewall/conversation/trace-conversation.ts';
import { findStops, ruleAt } from '../firewall/fix/place/find-stops.ts';
import { withoutOwnLogging } from '../firewall/fix/without-own-logging.ts';
import type { Ruleset } from '../firewall/model/model.ts';
import { isLetThrough } from '../firewall/questions/is-let-through.ts';
import { createSightingCounter, type Sighting } from '../log/conversations/count-sightings.ts';
import type { EntryLine } from '../log/packet/entry.ts';
import type { Attempt } from './attempt.ts';
import type { Blame, FoundCause, Passing } from './causes/cause.ts';
import { isWayGone } from './causes/find-in-the-way.ts';
import { findOtherCauses } from './causes/find-other-causes.ts';
import { findAnsweredForOthers, isForAnother } from './drops/find-answered-for-others.ts';
import { stopVerdict } from './drops/find-drop-behind.ts';
import { findLoggedOnly } from './drops/find-logged-only.ts';
import type { OwnLogging } from './drops/judge-logged-packet.ts';
import { type TiedEntries, tieEntries } from './drops/tie-entries.ts';
import { type Failure, findFailures, listenerOf } from './failures.ts';
import type { Finding } from './finding.ts';
import { settleByTrying, type Tried } from './inspect/tried.ts';
import { type Heard, isListener, type Listener } from './listener.ts';
import type { Witness } from './witness.ts';

/**
 * A loopback conversation that the firewall stops at `stop` (null: by rules that can't be told apart). Evidence is either log entries whose
 * rule leads to a drop (`sample` is the most telling one, `entries` counts packets), or a connection that failed just now together with an
 * evaluation that says by which rule.
 */
export type BlockedConversation = {
  readonly conversation: Conversation;
  readonly sample: EntryLine | null;
  readonly entries: number;
  readonly listener: Heard;
  readonly trace: Trace;
  readonly stop: Stop | null;
};

/**
 * What the evidence comes to. `blocked-elsewhere`: rules dropped something, and no permit on lo would help; `nat`: a rule sends it elsewhere; `not-the-firewall`:
 * another cause was found; `several-causes`: that, and drops; `works`: all that was tried; `undecided`: nothing proves anything, an empty log least of all.
 */
export type DiagnosisVerdict =
  | 'loopback-blocked'
  | 'blocked-elsewhere'
  | 'nat'
  | 'not-the-firewall'
  | 'several-causes'
  | 'works'
  | 'undecided';

/** Rule numbers are those without lo-doctor's own log rules. */
export type Diagnosis = {
  readonly verdict: DiagnosisVerdict;
  readonly blocked: readonly BlockedConversation[];
  /** Entries of traffic that is not on lo. */
  readonly elsewhere: readonly EntryLine[];
  readonly findings: readonly Finding[];
};

/** What there is to diagnose: the rules and services as they are now, and what came in while it failed. */
export type Seen = {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  /** Null: nobody could look. */
  readonly listeners: readonly Listener[] | null;
  readonly entries: readonly Sighting[];
  readonly attempts: readonly Attempt[];
  /** lo-doctor's own log rules; null where there are none. */
  readonly own: OwnLogging | null;
  readonly witness: Witness;
  /** Own attempts at what the rules alone don't tell. */
  readonly tried?: readonly Tried[];
};

const isStopped = (tied: TiedEntries): tied is TiedEntries<Extract<TiedEntries['fate'], { kind: 'stopped' }>> =>
  tied.fate.kind === 'stopped';

const fromLog = ({ listeners }: Seen, tied: readonly TiedEntries[]): BlockedConversation[] =>
  tied.filter(isStopped).map(({ conversation, trace, fate, sample, packets }) => ({
    conversation,
    sample,
    entries: packets,
    listener: listenerOf(listeners, conversation),
    trace,
    stop: fate.stop,
  }));

const isSame = (a: Conversation, b: Conversation): boolean =>
  a.protocol === b.protocol && a.destination === b.destination && a.destinationPort === b.destinationPort;

/** A refusal where nobody listens is the kernel's own answer to a request that came through, whatever becomes of what a service would answer. */
const isRefusedByNobody = (listeners: Seen['listeners'], { failure, trace }: Passing): boolean =>
  failure.end === 'refused' &&
  failure.conversation.protocol === 'tcp' &&
  listenerOf(listeners, failure.conversation) === null &&
  trace.outcome === 'blocked' &&
  trace.stoppedAt !== null &&
  trace.stoppedAt.packet !== 'request';

/** Silence, though by the rules the sender may have heard a refusal: perhaps another rule stops it at such a moment, as behind a rate limit. */
const isUnlike = ({ failure, trace }: Passing): boolean => {
  const errors = trace.packets.filter(({ packet }) => packet === 'error');
  const isLost = errors.some(({ hooks }) => hooks.some(({ verdict }) => verdict === 'drop' || verdict === 'reject'));
  return failure.end === 'timed-out' && trace.stoppedAt?.verdict === 'reject' && !isLost;
};

/** What failed just now and left no entry, although the rules stop it. */
const fromFailures = ({ listeners, witness }: Seen, traced: readonly Passing[]): BlockedConversation[] =>
  traced
    // A dropped packet is never answered by unreachable: then the way itself is gone, and no rule was asked.
    .filter(({ failure, trace }) => failure.end !== 'unreachable' || trace.stoppedAt?.verdict === 'reject')
    .filter(
      (one) =>
        one.trace.outcome === 'blocked' && !isWayGone(witness, one.failure) && !isRefusedByNobody(listeners, one),
    )
    .map((one) => ({
      conversation: one.failure.conversation,
      sample: null,
      entries: 0,
      listener: listenerOf(listeners, one.failure.conversation),
      trace: one.trace,
      stop: isUnlike(one) ? null : one.trace.stoppedAt,
    }));

/**
 * What failed just now although somebody listens there, where the rules alone don't tell, and one rule alone can have done it: a refusal comes from
 * a listening service's own kernel only by a rule that rejects.
 */
const fromUnknown = ({ listeners }: Seen, ruleset: Ruleset, traced: readonly Passing[]): BlockedConversation[] =>
  traced.flatMap(({ failure: { conversation, end, isOwn }, trace }): BlockedConversation[] => {
    const listener = listenerOf(listeners, conversation);
    if (trace.outcome !== 'unknown' || !isOwn || end !== 'refused' || !isListener(listener)) return [];
    const rejects = findStops(ruleset, trace).filter(({ rule }) => verdictAt(ruleset, rule) === 'reject');
    const [only, second] = rejects;
    if (only === undefined) return [];
    const stop: Stop | null =
      second === undefined ? { packet: only.packet, hook: only.hook.hook, rule: only.rule, verdict: 'reject' } : null;
    return [{ conversation, sample: null, entries: 0, listener, trace, stop }];
  });

const verdictAt = (ruleset: Ruleset, place: RulePlace): Stop['verdict'] | null => {
  const rule = ruleAt(ruleset, place);
  return rule === undefined ? null : stopVerdict(rule);
};

/** Services that listen first, then those with entries, then the most of them. */
const byWeight = (a: BlockedConversation, b: BlockedConversation): number =>
  Number(isListener(b.listener)) - Number(isListener(a.listener)) ||
  Number(b.sample !== null) - Number(a.sample !== null) ||
  b.entries - a.entries;

/** Each packet once, however many logs show it. */
const listElsewhere = ({ entries, surroundings }: Seen): EntryLine[] => {
  const countNew = createSightingCounter();
  const isOther = ({ line: { entry } }: Sighting) => !entry.loopback || isForAnother(surroundings, entry);
  return entries.filter((sighting) => isOther(sighting) && countNew(sighting) > 0).map(({ line }) => line);
};

const nothingSeen: Finding = {
  id: 'nothing-logged',
  severity: 'notice',
  title: 'No entry was seen, which alone proves nothing.',
  evidence: [],
  advice:
    'Either nothing was dropped, or what was dropped leaves no line, or the failing action did not happen in this time. Repeat it while lo-doctor watches, as the user and on the way that fails.',
  commands: [],
};

const isProblem = ({ severity }: Finding): boolean => severity === 'problem';

/** `isKnown`: the rules say for sure what becomes of all that failed. */
const verdictOf = (causes: readonly FoundCause[], isKnown: boolean): DiagnosisVerdict => {
  const blames = new Set(causes.map(({ blame }): Blame => blame));
  const others = blames.has('server') || blames.has('nat');
  // What is not known of loopback is not settled by a drop elsewhere.
  if (!isKnown) return 'undecided';
  if (blames.has('filter')) return others ? 'several-causes' : 'blocked-elsewhere';
  if (others) return blames.has('server') ? 'not-the-firewall' : 'nat';
  return blames.has('nobody') ? 'works' : 'undecided';
};

/** What an own attempt has settled of the rules' doubts on the first page is settled for what fails too. */
const traceFailure = (
  ruleset: Ruleset,
  surroundings: Surroundings,
  { conversation }: Failure,
  tried: readonly Tried[],
): Trace => {
  const trace = (one: Conversation) => traceConversation(ruleset, one, surroundings);
  const same = tried.filter(
    (one) => isSame(one.conversation, conversation) && one.conversation.uid === conversation.uid,
  );
  const settled =
    same.length > 0
      ? settleByTrying(
          ruleset,
          [trace(conversation)],
          same.map((one) => ({ ...one, conversation })),
        )
      : settleByTrying(ruleset, [...tried.map((one) => trace(one.conversation)), trace(conversation)], tried);
  return settled.at(-1) ?? trace(conversation);
};

/** Ties what was seen to the rules. Loopback is blamed only with evidence: an entry or a failure, and a rule that stops it. */
export const diagnose = (seen: Seen): Diagnosis => {
  const { surroundings, own, attempts, listeners, witness } = seen;
  const ruleset = withoutOwnLogging(seen.ruleset);
  const site = { ruleset, surroundings, own };
  const tied = tieEntries(site, seen.entries);
  const logged = fromLog(seen, tied);
  const traced = findFailures(attempts, witness.localhost).map(
    (failure: Failure): Passing => ({ failure, trace: traceFailure(ruleset, surroundings, failure, seen.tried ?? []) }),
  );
  const unlogged = traced.filter(
    ({ failure }) => !logged.some(({ conversation }) => isSame(conversation, failure.conversation)),
  );
  const perhaps = fromUnknown(seen, ruleset, unlogged);
  const blocked = [...logged, ...fromFailures(seen, unlogged), ...perhaps].sort(byWeight);
  const elsewhere = listElsewhere(seen);
  // What another program waits for in vain explains nothing of what failed here, unless a rule stops it.
  const passing = unlogged.filter(
    (one) =>
      !one.failure.isOthers &&
      (isLetThrough(one.trace) || isWayGone(witness, one.failure) || isRefusedByNobody(listeners, one)),
  );
  const offLo = elsewhere.filter(({ entry }) => !entry.loopback);
  const found = findOtherCauses({ ...site, elsewhere: offLo, listeners, attempts, passing, witness, found: [] });
  // Beside what the firewall stops on lo, what explains another failure, or was stopped elsewhere, is a cause of its own.
  const counts = ({ finding, explains, blame }: FoundCause) =>
    isProblem(finding) && (explains.length > 0 || blame === 'filter');
  const causes = blocked.length === 0 ? found : found.filter(counts);
  const findings = causes.map(({ finding }) => finding);
  const answered = findAnsweredForOthers(surroundings, seen.entries);
  const told = [
    ...findings.filter(isProblem),
    ...(answered === null ? [] : [answered]),
    ...findLoggedOnly(tied),
    ...findings.filter((one) => !isProblem(one)),
  ];
  if (blocked.length > 0) return { verdict: 'loopback-blocked', blocked, elsewhere, findings: told };
  const verdict = verdictOf(
    causes,
    unlogged.every(({ failure, trace }) => failure.isOthers || trace.outcome !== 'unknown'),
  );
  const isOpen = verdict === 'undecided' && causes.length === 0;
  return { verdict, blocked, elsewhere, findings: isOpen ? [...told, nothingSeen] : told };
};
