// The walk as data: the phases it goes through, and the case that it collects on the way.
import type { Attempt } from '../diagnosis/attempt.ts';
import type { Diagnosis } from '../diagnosis/diagnose.ts';
import type { Inspection } from '../diagnosis/inspect/inspect.ts';
import type { FixPlan, LoggingPlan } from '../firewall/fix/plan.ts';
import type { Rehearsal } from '../firewall/fix/rehearse-permits.ts';
import type { Sighting } from '../log/conversations/count-sightings.ts';
import type { UserAction } from './action.ts';
import type { Event } from './event.ts';

/** What went wrong outside: what is so, the command it came from, and what to do. */
export type Problem = {
  readonly message: string;
  readonly command: readonly string[] | null;
  readonly nextSteps: readonly string[];
};

/** A change that is undone by itself at `deadline` unless it is kept. */
export type PendingTrial = { readonly caseId: string; readonly deadline: Date };

/** What keeping a fix writes: lines, and the file that gets them; null where no file was found for them. */
export type Lasting = { readonly file: string | null; readonly lines: readonly string[] };

/** What was seen after the fix was applied. */
export type Verification = {
  readonly attempts: readonly Attempt[];
  /** Drops of loopback packets logged since the fix; null where no log can be read. */
  readonly drops: readonly Sighting[] | null;
  /** How many packets the new rules have let through; null where no counter can be read. */
  readonly packets: number | null;
  /** Whether the rules, as they are now, let through all that the fix is for. */
  readonly passes: boolean;
  readonly result: VerificationResult;
};

/** `works`: something was tried and worked, and nothing speaks against it; `untried`: nothing that was tried could tell. */
export type VerificationResult = 'works' | 'fails' | 'untried';

/**
 * What was saved for the next boot: `files` hold the rule now; `nextBoot`: whether what passes now passes then, as far as that could be found
 * out. `proof`: how it was proved that it does, or null; `advice` says what is left to do, and why.
 */
export type SavedForBoot = {
  readonly files: readonly string[];
  readonly backups: readonly string[];
  readonly nextBoot: 'passes' | 'blocked' | 'unknown';
  readonly proof: string | null;
  readonly advice: readonly string[];
};

/** What fails on a practice server, the command line that shows it, and what there is to learn from it. */
export type Story = {
  readonly id: string;
  readonly symptom: string;
  readonly command: string;
  /** How it came about. */
  readonly story: string;
  /** Nothing is wrong with loopback there. */
  readonly isDecoy: boolean;
  readonly cause: string;
  readonly lesson: string;
  readonly hints: readonly string[];
  /** How it goes without lo-doctor: commands. */
  readonly byHand: readonly string[];
  /** The scenario after it; null after the last one. */
  readonly next: string | null;
};

/** How a walk ended. */
export type Outcome =
  | 'healthy'
  | 'fixed'
  /** Kept by choice, though what failed still fails. */
  | 'kept-unverified'
  | 'rolled-back'
  | 'rollback-failed'
  | 'unfixed'
  | 'not-the-firewall'
  /** Loopback passes by the rules; what failed was not explained. */
  | 'unexplained'
  /** The rules alone don't tell whether loopback passes, and nothing that was seen did. */
  | 'cant-tell'
  | 'could-not-look';

/** All that a walk has found and done so far. */
export type Case = {
  readonly id: string;
  readonly startedAt: Date;
  /** Seconds until a fix on trial is rolled back. */
  readonly confirmWithin: number;
  /** What the user of a practice server notices, and the command that fails there; null on a real server. */
  readonly story: Story | null;
  /** So many of its hints have been asked for. */
  readonly hintsShown: number;
  /** How this program was started: what comes before `undo CASE` in a shell. */
  readonly program: string;
  readonly inspection: Inspection | null;
  /** The temporary log rules that are in force. */
  readonly logging: LoggingPlan | null;
  readonly action: UserAction | null;
  readonly attempts: readonly Attempt[];
  /** Firewall entries newer than the mark. */
  readonly entries: readonly Sighting[];
  readonly diagnosis: Diagnosis | null;
  readonly plan: FixPlan | null;
  readonly verification: Verification | null;
  readonly saved: SavedForBoot | null;
  /** The audit trail: what happened when, without the lines and output that came in. */
  readonly history: readonly { readonly at: Date; readonly event: Event['name'] }[];
};

/** What is going on. */
export type Phase =
  | { readonly name: 'inspecting' }
  | { readonly name: 'inspection-failed'; readonly problem: Problem }
  | { readonly name: 'inspected'; readonly problem: Problem | null }
  | { readonly name: 'turning-logging-on' }
  | { readonly name: 'choosing-action'; readonly problem: Problem | null }
  | { readonly name: 'naming-command' }
  /** lo-doctor tries the action itself. */
  | { readonly name: 'trying'; readonly output: string }
  /** The user repeats it in another window. */
  | { readonly name: 'awaiting-reproduction' }
  | { readonly name: 'reading-log' }
  | { readonly name: 'log-read' }
  | { readonly name: 'planning-fix' }
  | { readonly name: 'choosing-fix'; readonly plans: readonly FixPlan[]; readonly problem: Problem | null }
  | {
      readonly name: 'reviewing-fix';
      readonly plans: readonly FixPlan[];
      readonly plan: FixPlan;
      readonly rehearsal: Rehearsal | Problem | null;
    }
  /** The rollback is tried out on rules that do nothing. */
  | { readonly name: 'rehearsing'; readonly plans: readonly FixPlan[]; readonly plan: FixPlan }
  | { readonly name: 'applying'; readonly plan: FixPlan; readonly plans: readonly FixPlan[] }
  | { readonly name: 'verifying'; readonly trial: PendingTrial }
  | {
      readonly name: 'awaiting-confirmation';
      readonly trial: PendingTrial;
      readonly verification: Verification;
      /** What keeping it would write; null until that is found out. */
      readonly lasting: readonly Lasting[] | null;
    }
  | { readonly name: 'keeping'; readonly trial: PendingTrial }
  | { readonly name: 'rolling-back'; readonly trial: PendingTrial }
  /** Takes the temporary logging away and writes the report. */
  | { readonly name: 'leaving'; readonly outcome: Outcome; readonly problem: Problem | null }
  | {
      readonly name: 'finished';
      readonly outcome: Outcome;
      readonly report: string | null;
      readonly problem: Problem | null;
    };

export type PhaseName = Phase['name'];

/** A walk: where it stands, and what it has collected. */
export type Walk = { readonly phase: Phase; readonly case: Case };

/** A walk at its beginning. */
export const begin = ({
  program = 'lo-doctor',
  ...known
}: Pick<Case, 'id' | 'startedAt' | 'confirmWithin' | 'story'> & { program?: string }): Walk => ({
  phase: { name: 'inspecting' },
  case: {
    ...known,
    hintsShown: 0,
    program,
    inspection: null,
    logging: null,
    action: null,
    attempts: [],
    entries: [],
    diagnosis: null,
    plan: null,
    verification: null,
    saved: null,
    history: [],
  },
});

/** The five steps, in order. */
export const STEPS = ['inspect', 'reproduce', 'read-log', 'fix', 'verify'] as const;

export type StepName = (typeof STEPS)[number];

/** The step that each phase belongs to. */
const STEP_OF = {
  inspecting: 'inspect',
  'inspection-failed': 'inspect',
  inspected: 'inspect',
  'turning-logging-on': 'inspect',
  'choosing-action': 'reproduce',
  'naming-command': 'reproduce',
  trying: 'reproduce',
  'awaiting-reproduction': 'reproduce',
  'reading-log': 'read-log',
  'log-read': 'read-log',
  'planning-fix': 'fix',
  'choosing-fix': 'fix',
  'reviewing-fix': 'fix',
  rehearsing: 'fix',
  applying: 'verify',
  verifying: 'verify',
  'awaiting-confirmation': 'verify',
  keeping: 'verify',
  'rolling-back': 'verify',
  leaving: 'verify',
  finished: 'verify',
} as const satisfies Record<PhaseName, StepName>;

/** The step that a phase belongs to. */
export const stepOf = (phase: PhaseName): StepName => STEP_OF[phase];

/** A phase of one step. */
export type PhaseOf<S extends StepName> = Extract<
  Phase,
  { readonly name: { [P in PhaseName]: (typeof STEP_OF)[P] extends S ? P : never }[PhaseName] }
>;

/** Whether a phase belongs to a step. */
export const isOf = <S extends StepName>(step: S, phase: Phase): phase is PhaseOf<S> => stepOf(phase.name) === step;
