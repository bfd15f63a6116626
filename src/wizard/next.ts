// The rules of the walk: what follows from a state when something happens. Pure.
import { works } from '../diagnosis/attempt.ts';
import { isWayBlocked } from '../diagnosis/inspect/inspect.ts';
import type { Sighting } from '../log/conversations/count-sightings.ts';
import type { Event } from './event.ts';
import { type Case, isOf, type Outcome, type Phase, type PhaseOf, type Walk } from './state.ts';

/** How a walk ends that is left now. */
export const outcomeOf = ({ inspection, diagnosis, saved, verification, attempts }: Case): Outcome => {
  if (saved !== null) return verification?.result === 'works' ? 'fixed' : 'kept-unverified';
  if (inspection === null) return 'could-not-look';
  if (inspection.blocked || isWayBlocked(inspection)) return 'unfixed';
  // What one attempt has shown to be stopped stays so, whatever the rules alone tell.
  if (diagnosis?.verdict === 'loopback-blocked') return 'unfixed';
  const isFound = diagnosis !== null && diagnosis.verdict !== 'undecided' && diagnosis.verdict !== 'works';
  const isUnsure = Object.values(inspection.loopback).some(({ outcome }) => outcome === 'unknown');
  if ((isUnsure || inspection.unknownTraces.length > 0) && !isFound) return 'cant-tell';
  if (diagnosis === null || diagnosis.verdict === 'works') return 'healthy';
  if (diagnosis.verdict !== 'undecided') return 'not-the-firewall';
  // Nothing failed before lo-doctor's eyes, or what did has no cause that is known.
  return attempts.length > 0 && attempts.every(works) ? 'healthy' : 'unexplained';
};

const goTo = (walk: Walk, phase: Phase, found: Partial<Case> = {}): Walk => ({
  phase,
  case: { ...walk.case, ...found },
});

const leave = (walk: Walk): Walk => goTo(walk, { name: 'leaving', outcome: outcomeOf(walk.case), problem: null });

/** A flood of entries must not fill the memory: of loopback and of other traffic the latest are kept. */
const MOST = { loopback: 2000, other: 200 };

/** Of a command's output the end is shown. */
const MOST_OUTPUT = 20_000;

const keepLatest = (entries: readonly Sighting[]): readonly Sighting[] => {
  if (entries.length <= MOST.other) return entries;
  const loopback = entries.filter(({ line }) => line.entry.loopback).slice(-MOST.loopback);
  const other = entries.filter(({ line }) => !line.entry.loopback).slice(-MOST.other);
  const kept = new Set([...loopback, ...other]);
  return entries.filter((entry) => kept.has(entry));
};

/** Entries and output come in at any time of a phase that listens; they change no phase. */
const hear = (walk: Walk, event: Event): Walk | null => {
  if (event.name === 'entries-seen')
    return goTo(walk, walk.phase, { entries: keepLatest([...walk.case.entries, ...event.entries]) });
  if (event.name === 'output-seen' && walk.phase.name === 'trying')
    return goTo(walk, { ...walk.phase, output: (walk.phase.output + event.output).slice(-MOST_OUTPUT) });
  return null;
};

const inspect = (walk: Walk, event: Event): Walk => {
  switch (event.name) {
    case 'inspected':
      return goTo(walk, { name: 'inspected', problem: null }, { inspection: event.inspection });
    case 'logging-chosen':
      return goTo(walk, { name: 'turning-logging-on' });
    case 'logging-turned-on':
      return goTo(
        walk,
        { name: 'choosing-action', problem: null },
        { logging: walk.case.inspection?.loggingPlan ?? null },
      );
    case 'reproduction-chosen':
      return goTo(walk, { name: 'choosing-action', problem: null });
    case 'fix-chosen':
      return goTo(walk, { name: 'planning-fix' });
    case 'retry-chosen':
      return goTo(walk, { name: 'inspecting' });
    case 'failed':
      return walk.phase.name === 'turning-logging-on'
        ? goTo(walk, { name: 'inspected', problem: event.problem })
        : goTo(walk, { name: 'inspection-failed', problem: event.problem });
    default:
      return walk;
  }
};

const reproduce = (walk: Walk, event: Event): Walk => {
  switch (event.name) {
    case 'command-chosen':
      return goTo(walk, { name: 'naming-command' });
    case 'action-chosen': {
      const isTried = event.action.tries.length > 0 || event.action.commandLine !== null;
      const phase: Phase = isTried ? { name: 'trying', output: '' } : { name: 'awaiting-reproduction' };
      return goTo(walk, phase, { action: event.action, attempts: [], entries: [], diagnosis: null });
    }
    case 'tried':
      return goTo(walk, { name: 'reading-log' }, { attempts: event.attempts });
    case 'reading-chosen':
      return goTo(walk, { name: 'reading-log' });
    case 'back-chosen':
      return walk.phase.name === 'choosing-action'
        ? goTo(walk, { name: 'inspected', problem: null })
        : goTo(walk, { name: 'choosing-action', problem: null });
    case 'failed':
      return goTo(walk, { name: 'choosing-action', problem: event.problem });
    default:
      return walk;
  }
};

const readLog = (walk: Walk, event: Event): Walk => {
  switch (event.name) {
    case 'diagnosed':
      return goTo(walk, { name: 'log-read' }, { diagnosis: event.diagnosis });
    case 'fix-chosen':
      return goTo(walk, { name: 'planning-fix' });
    case 'logging-chosen':
      return goTo(walk, { name: 'turning-logging-on' });
    case 'reproduction-chosen':
    case 'back-chosen':
      return goTo(walk, { name: 'choosing-action', problem: null });
    case 'failed':
      return goTo(walk, { name: 'choosing-action', problem: event.problem });
    default:
      return walk;
  }
};

const fix = (walk: Walk, phase: PhaseOf<'fix'>, event: Event): Walk => {
  switch (event.name) {
    case 'fix-planned':
      return goTo(walk, { name: 'choosing-fix', plans: event.plans, problem: null });
    case 'plan-chosen':
      return phase.name === 'choosing-fix'
        ? goTo(walk, { name: 'reviewing-fix', plans: phase.plans, plan: event.plan, rehearsal: null })
        : walk;
    case 'apply-chosen':
      // What could not be proved harmless is not applied, whoever asks for it.
      return phase.name === 'reviewing-fix' && phase.plan.proof.holds
        ? goTo(walk, { name: 'applying', plan: phase.plan, plans: phase.plans })
        : walk;
    case 'back-chosen':
      return phase.name === 'reviewing-fix'
        ? goTo(walk, { name: 'choosing-fix', plans: phase.plans, problem: null })
        : goTo(walk, walk.case.diagnosis === null ? { name: 'inspected', problem: null } : { name: 'log-read' });
    case 'rehearsal-chosen':
      return phase.name === 'reviewing-fix'
        ? goTo(walk, { name: 'rehearsing', plans: phase.plans, plan: phase.plan })
        : walk;
    case 'rehearsed':
      return phase.name === 'rehearsing'
        ? goTo(walk, { ...phase, name: 'reviewing-fix', rehearsal: event.rehearsal })
        : walk;
    case 'commands-chosen':
      return phase.name === 'reviewing-fix'
        ? goTo(walk, { name: 'leaving', outcome: 'unfixed', problem: null }, { plan: phase.plan })
        : walk;
    case 'failed':
      return phase.name === 'rehearsing'
        ? goTo(walk, { ...phase, name: 'reviewing-fix', rehearsal: event.problem })
        : goTo(walk, { name: 'choosing-fix', plans: [], problem: event.problem });
    default:
      return walk;
  }
};

const verify = (walk: Walk, phase: PhaseOf<'verify'>, event: Event): Walk => {
  switch (phase.name) {
    case 'applying':
      if (event.name === 'applied') return goTo(walk, { name: 'verifying', trial: event.trial }, { plan: event.plan });
      // Nothing was changed, or all of it was taken back at once.
      return event.name === 'failed'
        ? goTo(walk, { name: 'choosing-fix', plans: phase.plans, problem: event.problem })
        : walk;
    case 'verifying':
    case 'awaiting-confirmation':
      return onTrial(walk, phase, event);
    case 'keeping':
      if (event.name === 'kept') {
        const outcome = outcomeOf({ ...walk.case, saved: event.saved });
        return goTo(walk, { name: 'leaving', outcome, problem: null }, { saved: event.saved });
      }
      if (event.name === 'rolled-back') return goTo(walk, { name: 'leaving', outcome: 'rolled-back', problem: null });
      return event.name === 'failed' ? goTo(walk, { name: 'rolling-back', trial: phase.trial }) : walk;
    case 'rolling-back':
      if (event.name === 'failed')
        return goTo(walk, { name: 'leaving', outcome: 'rollback-failed', problem: event.problem });
      return event.name === 'rolled-back'
        ? goTo(walk, { name: 'leaving', outcome: 'rolled-back', problem: null })
        : walk;
    case 'leaving': {
      if (event.name !== 'left') return walk;
      const { outcome, problem } = phase;
      return goTo(walk, { name: 'finished', outcome, report: event.report, problem: problem ?? event.problem });
    }
    case 'finished':
      return walk;
  }
};

type OnTrial = Extract<Phase, { name: 'verifying' | 'awaiting-confirmation' }>;

const onTrial = (walk: Walk, phase: OnTrial, event: Event): Walk => {
  const { name, trial } = phase;
  switch (event.name) {
    case 'verified': {
      const { verification } = event;
      return goTo(walk, { name: 'awaiting-confirmation', trial, verification, lasting: null }, { verification });
    }
    case 'window-opened':
      return phase.name === 'awaiting-confirmation'
        ? goTo(walk, { ...phase, trial: { ...trial, deadline: event.deadline }, lasting: event.lasting })
        : walk;
    case 'keep-chosen':
      return name === 'awaiting-confirmation' ? goTo(walk, { name: 'keeping', trial }) : walk;
    case 'roll-back-chosen':
    case 'quit-chosen':
    case 'failed':
      return goTo(walk, { name: 'rolling-back', trial });
    case 'rolled-back':
      return goTo(walk, { name: 'leaving', outcome: 'rolled-back', problem: null });
    default:
      return walk;
  }
};

const giveHint = (walk: Walk): Walk => {
  const { story, hintsShown } = walk.case;
  return story === null || hintsShown >= story.hints.length
    ? walk
    : goTo(walk, walk.phase, { hintsShown: hintsShown + 1 });
};

const follow = (walk: Walk, event: Event): Walk => {
  const heard = hear(walk, event);
  if (heard !== null) return heard;
  if (event.name === 'hint-chosen') return giveHint(walk);
  const { phase } = walk;
  if (isOf('verify', phase)) return verify(walk, phase, event);
  // From step 5 on there is something to take back first.
  if (event.name === 'quit-chosen') return leave(walk);
  if (isOf('inspect', phase)) return inspect(walk, event);
  if (isOf('reproduce', phase)) return reproduce(walk, event);
  return isOf('read-log', phase) ? readLog(walk, event) : fix(walk, phase, event);
};

/** The walk after an event; the very same object where the event means nothing in this phase. `now` goes to the audit trail. */
export const next = (walk: Walk, event: Event, now: Date): Walk => {
  const after = follow(walk, event);
  if (after.phase.name === walk.phase.name) return after;
  return { ...after, case: { ...after.case, history: [...after.case.history, { at: now, event: event.name }] } };
};
