// How a fix without the wizard ended: its exit code, and its document for machines.
import type { Doubt } from '../firewall/trace.ts';
import { rulePlace } from '../report/report-document.ts';
import type { Case } from '../wizard/state.ts';

/** docs/contract.md's exit codes for how a fix ended. */
export const EXIT_CODES = {
  'nothing-to-do': 0,
  'dry-run': 0,
  waits: 0,
  kept: 0,
  'kept-unverified': 1,
  'not-applied': 1,
  'no-cure': 1,
  'cant-tell': 4,
  'rolled-back': 5,
} as const;

export type End = keyof typeof EXIT_CODES;

/** The document of `fix --json` (schema lo-doctor.fix/1). */
export const fixDocument = (
  end: End,
  { id, inspection, plan, verification, saved }: Case,
  doubts: readonly Doubt[],
) => ({
  schema: 'lo-doctor.fix/1',
  case: id,
  result: end,
  ownersWords: plan?.ownersWords ?? [],
  commands: plan?.apply ?? [],
  undo: plan?.undo ?? [],
  proof: plan?.proof ?? null,
  remaining: (plan?.remaining ?? []).map(({ conversation, why }) => ({ conversation, why })),
  staysBroken: plan?.staysBroken ?? [],
  attempts: verification?.attempts ?? [],
  saved,
  /** What stands in the way beside the rules. */
  inTheWay: (inspection?.wayFaults ?? []).map(({ outcome, finding }) => ({ outcome, ...finding })),
  doubts: doubts.map(({ what, settledBy, rule }) => ({ what, settledBy, rule: rulePlace(rule) })),
});
