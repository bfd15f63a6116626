// What can happen on the walk: what the user chose, and what effects have to tell.
import type { Attempt } from '../diagnosis/attempt.ts';
import type { Diagnosis } from '../diagnosis/diagnose.ts';
import type { Inspection } from '../diagnosis/inspect/inspect.ts';
import type { FixPlan } from '../firewall/fix/plan.ts';
import type { Rehearsal } from '../firewall/fix/rehearse-permits.ts';
import type { Sighting } from '../log/conversations/count-sightings.ts';
import type { UserAction } from './action.ts';
import type { Lasting, PendingTrial, Problem, SavedForBoot, Verification } from './state.ts';

export type Event =
  // The user's choices
  | { readonly name: 'retry-chosen' }
  | { readonly name: 'logging-chosen' }
  | { readonly name: 'reproduction-chosen' }
  | { readonly name: 'command-chosen' }
  | { readonly name: 'action-chosen'; readonly action: UserAction }
  | { readonly name: 'reading-chosen' }
  | { readonly name: 'fix-chosen' }
  | { readonly name: 'plan-chosen'; readonly plan: FixPlan }
  | { readonly name: 'apply-chosen' }
  | { readonly name: 'rehearsal-chosen' }
  /** The user leaves with the commands of the plan that is shown. */
  | { readonly name: 'commands-chosen' }
  | { readonly name: 'keep-chosen' }
  | { readonly name: 'roll-back-chosen' }
  | { readonly name: 'back-chosen' }
  | { readonly name: 'quit-chosen' }
  /** In practice: one more hint. */
  | { readonly name: 'hint-chosen' }
  // What effects tell
  | { readonly name: 'inspected'; readonly inspection: Inspection }
  | { readonly name: 'logging-turned-on' }
  | { readonly name: 'entries-seen'; readonly entries: readonly Sighting[] }
  | { readonly name: 'output-seen'; readonly output: string }
  | { readonly name: 'tried'; readonly attempts: readonly Attempt[] }
  | { readonly name: 'diagnosed'; readonly diagnosis: Diagnosis }
  | { readonly name: 'fix-planned'; readonly plans: readonly FixPlan[] }
  | { readonly name: 'rehearsed'; readonly rehearsal: Rehearsal }
  | { readonly name: 'applied'; readonly trial: PendingTrial; readonly plan: FixPlan }
  /** The time for keeping the fix has begun anew: its result is on the screen. */
  | { readonly name: 'window-opened'; readonly deadline: Date; readonly lasting: readonly Lasting[] }
  | { readonly name: 'verified'; readonly verification: Verification }
  | { readonly name: 'rolled-back' }
  | { readonly name: 'kept'; readonly saved: SavedForBoot }
  | { readonly name: 'left'; readonly report: string | null; readonly problem: Problem | null }
  | { readonly name: 'failed'; readonly problem: Problem };
