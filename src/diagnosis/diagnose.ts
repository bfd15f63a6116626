// What was seen while it failed, tied to the rules: which loopback conversations the firewall stops, and by which evidence.

import { withoutOwnLogging } from '../firewall/fix/without-own-logging.ts';
import type { Ruleset } from '../firewall/model.ts';
import type { Conversation, Stop, Surroundings, Trace } from '../firewall/trace.ts';
import { traceConversation } from '../firewall/trace-conversation.ts';
import { createSightingCounter, type Sighting } from '../log/count-sightings.ts';
import type { EntryLine } from '../log/entry.ts';
import type { Attempt } from './attempt.ts';
import { type Failure, findFailures, listensTo } from './failures.ts';
import { findElsewhere } from './find-elsewhere.ts';
import { findLoggedOnly } from './find-logged-only.ts';
import { findOtherCauses, type Passing } from './find-other-causes.ts';
import type { Finding } from './finding.ts';
import type { OwnLogging } from './judge-logged-packet.ts';
import type { Listener } from './listener.ts';
import { type TiedEntries, tieEntries } from './tie-entries.ts';

/**
 * A loopback conversation that the firewall stops at `stop` (null: by rules that can't be told apart). Evidence is either log entries whose
 * rule leads to a drop (`sample` is the most telling one, `entries` counts packets), or a connection that failed just now together with an
 * evaluation that says by which rule.
 */
export type BlockedConversation = {
  readonly conversation: Conversation;
  readonly sample: EntryLine | null;
  readonly entries: number;
  readonly listener: Listener | null;
  readonly trace: Trace;
  readonly stop: Stop | null;
};

/** `blocked-elsewhere`: only packets not on lo were dropped; `nothing-dropped`: no evidence either way; `not-the-firewall`: another cause was found. */
export type Verdict = 'loopback-blocked' | 'blocked-elsewhere' | 'nothing-dropped' | 'not-the-firewall';

/** Rule numbers are those without lo-doctor's own log rules. */
export type Diagnosis = {
  readonly verdict: Verdict;
  readonly blocked: readonly BlockedConversation[];
  /** Entries of traffic that is not on lo. */
  readonly elsewhere: readonly EntryLine[];
  readonly findings: readonly Finding[];
};

/** What there is to diagnose: the rules and services as they are now, and what came in while it failed. */
export type Seen = {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  readonly listeners: readonly Listener[];
  readonly entries: readonly Sighting[];
  readonly attempts: readonly Attempt[];
  /** lo-doctor's own log rules; null where there are none. */
  readonly own: OwnLogging | null;
  /** The addresses of localhost in the order in which they are tried. */
  readonly localhost: readonly string[];
};

const isStopped = (tied: TiedEntries): tied is TiedEntries<Extract<TiedEntries['fate'], { kind: 'stopped' }>> =>
  tied.fate.kind === 'stopped';

const fromLog = ({ listeners }: Seen, tied: readonly TiedEntries[]): BlockedConversation[] =>
  tied.filter(isStopped).map(({ conversation, trace, fate, sample, packets }) => ({
    conversation,
    sample,
    entries: packets,
    listener: listeners.find(listensTo(conversation)) ?? null,
    trace,
    stop: fate.stop,
  }));

const isSame = (a: Conversation, b: Conversation): boolean =>
  a.protocol === b.protocol && a.destination === b.destination && a.destinationPort === b.destinationPort;

/** What failed just now and left no entry, although the rules stop it. */
const fromFailures = ({ listeners }: Seen, traced: readonly Passing[]): BlockedConversation[] =>
  traced
    .filter(({ trace }) => trace.outcome === 'blocked')
    .map(({ failure: { conversation }, trace }) => ({
      conversation,
      sample: null,
      entries: 0,
      listener: listeners.find(listensTo(conversation)) ?? null,
      trace,
      stop: trace.stoppedAt,
    }));

/** Services that listen first, then those with entries, then the most of them. */
const byWeight = (a: BlockedConversation, b: BlockedConversation): number =>
  Number(b.listener !== null) - Number(a.listener !== null) ||
  Number(b.sample !== null) - Number(a.sample !== null) ||
  b.entries - a.entries;

/** Each packet once, however many logs show it. */
const listElsewhere = ({ entries }: Seen): EntryLine[] => {
  const countNew = createSightingCounter();
  return entries.filter((sighting) => !sighting.line.entry.loopback && countNew(sighting) > 0).map(({ line }) => line);
};

const nothingSeen: Finding = {
  id: 'nothing-logged',
  severity: 'notice',
  title: 'The firewall logged no drop meanwhile.',
  evidence: [],
  advice:
    'Either nothing was dropped, or the failing action did not happen in this time. Repeat it while lo-doctor watches, as the user and on the way that fails.',
  commands: [],
};

const isProblem = ({ severity }: Finding): boolean => severity === 'problem';

const verdictOf = (findings: readonly Finding[]): Verdict => {
  const [first] = findings.filter(isProblem);
  if (first === undefined) return 'nothing-dropped';
  return first.id === 'blocked-elsewhere' ? 'blocked-elsewhere' : 'not-the-firewall';
};

/** Ties what was seen to the rules. Loopback is blamed only with evidence: an entry or a failure, and a rule that stops it. */
export const diagnose = (seen: Seen): Diagnosis => {
  const { surroundings, own, attempts, localhost } = seen;
  const ruleset = withoutOwnLogging(seen.ruleset);
  const site = { ruleset, surroundings, own };
  const tied = tieEntries(site, seen.entries);
  const logged = fromLog(seen, tied);
  const traced = findFailures(attempts, localhost).map(
    (failure: Failure): Passing => ({
      failure,
      trace: traceConversation(ruleset, failure.conversation, surroundings),
    }),
  );
  const unlogged = traced.filter(
    ({ failure }) => !logged.some(({ conversation }) => isSame(conversation, failure.conversation)),
  );
  const blocked = [...logged, ...fromFailures(seen, unlogged)].sort(byWeight);
  const elsewhere = listElsewhere(seen);
  const notices = findLoggedOnly(tied);
  if (blocked.length > 0) return { verdict: 'loopback-blocked', blocked, elsewhere, findings: notices };
  const passing = unlogged.filter(({ trace }) => trace.outcome === 'works');
  const causes = [
    ...findOtherCauses({ ruleset, listeners: seen.listeners, attempts, passing, localhost }),
    findElsewhere(site, elsewhere),
  ].filter((finding) => finding !== null);
  const findings = [...causes.filter(isProblem), ...notices, ...causes.filter((one) => !isProblem(one))];
  const verdict = verdictOf(findings);
  const isOpen = verdict === 'nothing-dropped' && causes.length === 0;
  return { verdict, blocked, elsewhere, findings: isOpen ? [...findings, nothingSeen] : findings };
};
