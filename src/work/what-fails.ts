// What a fix is asked for: which conversations fail by the rules, which of them perhaps, and what their answer hangs on.

import type { BlockedConversation, Diagnosis } from '../diagnosis/diagnose.ts';
import { listenerOf } from '../diagnosis/failures.ts';
import { findRuleFindings } from '../diagnosis/inspect/find-rule-findings.ts';
import type { Inspection } from '../diagnosis/inspect/inspect.ts';
import type { Doubt, Trace } from '../firewall/conversation/trace.ts';
import { traceConversation } from '../firewall/conversation/trace-conversation.ts';
import { splitGuarded } from '../firewall/fix/place/guards.ts';
import { type Choice, type FixPlan, isForAll } from '../firewall/fix/plan.ts';
import { findGoals } from '../firewall/fix/plan-fix.ts';
import { isLetThrough } from '../firewall/questions/is-let-through.ts';
import { nameRule } from '../naming/rules.ts';

/** What an answer hangs on, and what NAT sends to where nothing here can see it arrive. */
export type InTheDark = { readonly doubts: readonly Doubt[]; readonly away: readonly Trace[] };

/** Services are asked for by everybody whom the rules tell apart: an owner match stops some of them only. */
export const forAllUsers = (choice: Choice, { probes }: Inspection): Choice => {
  if (choice.kind !== 'services') return choice;
  const others = probes.filter(({ uid, gid }) => uid !== 0 || gid !== undefined);
  const users = new Map(others.map(({ uid, gid }) => [`${uid} ${gid}`, gid === undefined ? { uid } : { uid, gid }]));
  return { ...choice, users: [...users.values()] };
};

/** What the choice is about and doesn't pass for sure by the rules as they are. */
export const findFailing = (inspection: Inspection, choice: Choice): Trace[] => {
  const { ruleset, surroundings, probes, blockedTraces, unknownTraces } = inspection;
  if (isForAll(choice)) return [...blockedTraces, ...unknownTraces];
  return findGoals([], choice, probes, surroundings)
    .map((goal) => traceConversation(ruleset, goal, surroundings))
    .filter((trace) => !isLetThrough(trace));
};

/** Without what is left to guards. */
export const withoutGuarded = ({ ruleset }: Inspection, { kind }: Choice, failing: readonly Trace[]) =>
  kind === 'all-but-guarded' ? splitGuarded(ruleset, failing).others : failing;

export const isUnknown = ({ outcome }: Trace): boolean => outcome === 'unknown' || outcome === 'leaves';

/** Each thing that an answer hangs on, once. */
const listDoubts = (traces: readonly Trace[]): Doubt[] => {
  const doubts = traces.filter(isUnknown).flatMap(({ unknown }) => unknown);
  return [...new Map(doubts.map((doubt) => [`${nameRule(doubt.rule)} ${doubt.what}`, doubt])).values()];
};

/** What the answer hangs on, and of what NAT sends off lo one conversation for each place. */
export const findInTheDark = (traces: readonly Trace[]): InTheDark => {
  const away = traces.filter(({ outcome }) => outcome === 'leaves');
  const places = new Map(
    away.map((trace) => [JSON.stringify(trace.sentAway.map(({ address, port }) => [address, port])), trace]),
  );
  return { doubts: listDoubts(traces), away: [...places.values()] };
};

/** What the plan leaves in the dark. */
export const findStillUnknown = ({ surroundings }: Inspection, { after, remaining }: FixPlan): Trace[] =>
  remaining.map(({ conversation }) => traceConversation(after, conversation, surroundings)).filter(isUnknown);

/** The rules alone tell what fails: nothing was reproduced. */
export const diagnosisOf = (inspection: Inspection, failing: readonly Trace[]): Diagnosis => ({
  verdict: failing.every(isUnknown) ? 'undecided' : 'loopback-blocked',
  blocked: failing
    .filter((trace) => !isUnknown(trace))
    .map(
      (trace): BlockedConversation => ({
        conversation: trace.conversation,
        sample: null,
        entries: 0,
        listener: listenerOf(inspection.listeners, trace.conversation),
        trace,
        stop: trace.stoppedAt,
      }),
    ),
  elsewhere: [],
  findings: findRuleFindings(inspection).filter(({ id }) => id === 'loopback-unknown'),
});
