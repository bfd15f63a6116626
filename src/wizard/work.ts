// The work that the walk asks for, as functions that are handed in: on a server, on the practice server, in a test.
import type { Attempt } from '../diagnosis/attempt.ts';
import type { Diagnosis } from '../diagnosis/diagnose.ts';
import type { Inspection } from '../diagnosis/inspect/inspect.ts';
import type { Choice, FixPlan, LoggingPlan } from '../firewall/fix/plan.ts';
import type { Rehearsal } from '../firewall/fix/rehearse-permits.ts';
import type { Sighting } from '../log/conversations/count-sightings.ts';
import type { UserAction } from './action.ts';
import type { Case, Lasting, Outcome, PendingTrial, SavedForBoot, Verification } from './state.ts';

/** A running watch of the logs. `stop` resolves when all that was logged before it has been told. */
export type Watch = { stop: () => Promise<void> };

/** What a trial came to, when it was decided elsewhere: by time, or by another process. */
export type TrialEnd = 'confirmed' | 'rolled-back';

/** Each function rejects with a HostError where the server refuses; anything else that is thrown is a defect. */
export type Work = {
  inspect: () => Promise<Inspection>;
  /** Adds temporary log rules that expire by themselves. */
  turnLoggingOn: (plan: LoggingPlan) => Promise<void>;
  turnLoggingOff: () => Promise<void>;
  /** Resolves when every log is marked: what the firewall logs from then on comes to `onEntries`. */
  watchLog: (onEntries: (entries: readonly Sighting[]) => void) => Promise<Watch>;
  /** Does what fails. Rejects only where trying itself is impossible. */
  attempt: (action: UserAction, signal: AbortSignal, onOutput: (output: string) => void) => Promise<readonly Attempt[]>;
  /** Ties what was seen to the rules as they are now. */
  diagnose: (walk: Case) => Promise<Diagnosis>;
  /** One plan for each choice, by the rules as they are now. */
  planFix: (walk: Case, choices: readonly Choice[]) => Promise<readonly FixPlan[]>;
  /** Tries the rollback out at the places of the plan, with rules that do nothing. */
  rehearse: (plan: FixPlan) => Promise<Rehearsal>;
  /** Arms the rollback, then applies the same permits where they have to stand by then: the plan that is in force comes back. */
  apply: (walk: Case, plan: FixPlan) => Promise<{ readonly trial: PendingTrial; readonly plan: FixPlan }>;
  /** Tries again what failed. As long as that takes, the rollback waits; it comes by itself if this process should end. */
  verify: (walk: Case, signal: AbortSignal) => Promise<Verification>;
  /** Begins the time in which the fix can be kept; null where the trial has been decided already. */
  openWindow: (seconds: number) => Promise<Date | null>;
  /** What keeping the plan would write. */
  listLasting: (plan: FixPlan) => Promise<readonly Lasting[]>;
  /** Resolves when the trial has been decided by something else than this walk. */
  trialEnd: (signal: AbortSignal) => Promise<TrialEnd>;
  /** Confirms the trial and saves for the next boot; null where the rollback came first. */
  keep: (plan: FixPlan) => Promise<SavedForBoot | null>;
  rollBack: () => Promise<void>;
  /** Writes the report; returns where it is. */
  writeReport: (walk: Case, outcome: Outcome) => Promise<string>;
  /** The report as it stands now, without secrets; written nowhere. */
  tellReport: (walk: Case, outcome: Outcome) => string;
  /** Writes a text that the user has copied beside the report; returns where it is. */
  writeCopy: (name: string, text: string) => Promise<string>;
};
