// What each phase does while it lasts, by the work that was handed in.
import { HostError } from '../host/host.ts';
import { choicesFor } from './choices.ts';
import type { Event } from './event.ts';
import { outcomeOf } from './next.ts';
import type { Case, Phase, PhaseName, Problem, Walk } from './state.ts';
import type { Effect, EffectTools } from './store.ts';
import type { Work } from './work.ts';

/** How long after the last attempt log lines are waited for: the longest way of a line through rsyslog or journald. */
const SETTLE = 700;

/** A HostError as a problem to show; anything else is a defect and thrown on. */
export const toProblem = (error: unknown): Problem => {
  if (!(error instanceof HostError)) throw error;
  return { message: error.message, command: error.command, nextSteps: error.nextSteps };
};

type PhaseEffect = (work: Work, walk: Walk, tools: EffectTools<Event>) => Promise<void>;

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

const watchWhile = async <Result>(
  work: Work,
  { send, signal }: EffectTools<Event>,
  task: () => Promise<Result>,
): Promise<Result | null> => {
  const watch = await work.watchLog((entries) => send({ name: 'entries-seen', entries }));
  try {
    return signal.aborted ? null : await task();
  } finally {
    await watch.stop();
  }
};

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });

/** Tells when the trial was decided elsewhere: its time ran out, or another process confirmed or undid it. */
const tellTrialEnd = async (work: Work, { send, signal }: EffectTools<Event>) => {
  const end = await work.trialEnd(signal);
  if (end === 'rolled-back') send({ name: 'rolled-back' });
  else if (!signal.aborted) send({ name: 'keep-chosen' });
};

const EFFECTS: Partial<Record<PhaseName, PhaseEffect>> = {
  inspecting: async (work, _, { send }) => send({ name: 'inspected', inspection: await work.inspect() }),

  'turning-logging-on': async (work, walk, { send }) => {
    const plan = walk.case.inspection?.loggingPlan;
    if (plan) await work.turnLoggingOn(plan);
    send({ name: 'logging-turned-on' });
  },

  trying: async (work, walk, tools) => {
    const { action } = walk.case;
    if (action === null) return;
    const onOutput = (output: string) => tools.send({ name: 'output-seen', output });
    const attempts = await watchWhile(work, tools, async () => {
      const made = await work.attempt(action, tools.signal, onOutput);
      await pause(SETTLE, tools.signal);
      return made;
    });
    // Only now all that was logged meanwhile is known.
    if (attempts !== null) tools.send({ name: 'tried', attempts });
  },

  'awaiting-reproduction': async (work, _, tools) => {
    await watchWhile(work, tools, () => untilAborted(tools.signal));
  },

  'reading-log': async (work, walk, { send }) => send({ name: 'diagnosed', diagnosis: await work.diagnose(walk.case) }),

  'planning-fix': async (work, walk, { send }) =>
    send({ name: 'fix-planned', plans: await work.planFix(walk.case, choicesFor(walk.case)) }),

  rehearsing: async (work, walk, { send }) => {
    if (walk.phase.name !== 'rehearsing') return;
    send({ name: 'rehearsed', rehearsal: await work.rehearse(walk.phase.plan) });
  },

  applying: async (work, walk, { send }) => {
    if (walk.phase.name !== 'applying') return;
    send({ name: 'applied', ...(await work.apply(walk.case, walk.phase.plan)) });
  },

  verifying: async (work, walk, tools) => {
    const verification = await work.verify(walk.case, tools.signal);
    tools.send({ name: 'verified', verification });
  },

  'awaiting-confirmation': async (work, walk, tools) => {
    const { plan, confirmWithin } = walk.case;
    const lasting = plan === null ? [] : await work.listLasting(plan);
    const deadline = await work.openWindow(confirmWithin);
    if (deadline !== null) tools.send({ name: 'window-opened', deadline, lasting });
    await tellTrialEnd(work, tools);
  },

  keeping: async (work, walk, { send }) => {
    if (walk.case.plan === null) return;
    const saved = await work.keep(walk.case.plan);
    send(saved === null ? { name: 'rolled-back' } : { name: 'kept', saved });
  },

  'rolling-back': async (work, _, { send }) => {
    await work.rollBack();
    send({ name: 'rolled-back' });
  },

  leaving: async (work, walk, { send }) => {
    const outcome = walk.phase.name === 'leaving' ? walk.phase.outcome : outcomeOf(walk.case);
    let problem: Problem | null = null;
    let report: string | null = null;
    try {
      if (walk.case.logging !== null) await work.turnLoggingOff();
      if (isWorthReporting(walk.case)) report = await work.writeReport(walk.case, outcome);
    } catch (error) {
      problem = toProblem(error);
    }
    send({ name: 'left', report, problem });
  },
};

/** A walk in which something was seen or done leaves a report. */
const isWorthReporting = ({ diagnosis, plan }: Case): boolean => diagnosis !== null || plan !== null;

/** The effect of a phase, or null. What the server refuses is told as `failed`. */
export const effectOf =
  (work: Work) =>
  ({ phase }: { phase: Phase }): Effect<Walk, Event> | null => {
    const effect = EFFECTS[phase.name];
    if (effect === undefined) return null;
    return async (walk, tools) => {
      try {
        await effect(work, walk, tools);
      } catch (error) {
        tools.send({ name: 'failed', problem: toProblem(error) });
      }
    };
  };
