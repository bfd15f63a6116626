// How a fix without the wizard ended: its exit code, and its document for machines.

import { EXIT } from '../../options/exit-codes.ts';
import { rulePlace } from '../../report/report-document.ts';
import type { Case, SavedForBoot } from '../../wizard/state.ts';
import type { InTheDark } from '../../work/what-fails.ts';

/** docs/contract.md's exit codes for how a fix ended. */
export const EXIT_CODES = {
  'nothing-to-do': EXIT.done,
  'dry-run': EXIT.done,
  waits: EXIT.done,
  'waits-unverified': EXIT.blocked,
  kept: EXIT.done,
  'kept-unverified': EXIT.blocked,
  'not-applied': EXIT.blocked,
  'no-cure': EXIT.blocked,
  guarded: EXIT.blocked,
  'cant-tell': EXIT.cantTell,
  'rolled-back': EXIT.rolledBack,
} as const;

export type End = keyof typeof EXIT_CODES;

/** The document of `fix --json` (schema lo-doctor.fix/1). */
export const fixDocument = (
  end: End,
  { id, inspection, plan, verification, saved }: Case,
  { doubts, away }: InTheDark,
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
  jumped: (plan?.jumped ?? []).map(({ rule, ...what }) => ({ ...what, rule: rulePlace(rule) })),
  keptGuards: (plan?.keptGuards ?? []).map(({ rule, conversation }) => ({ conversation, rule: rulePlace(rule) })),
  attempts: verification?.attempts ?? [],
  saved,
  /** With what was saved, else as it is without a fix. */
  nextBoot: saved === null ? (inspection?.nextBoot ?? null) : { loopback: saved.nextBoot, reasons: reasonsOf(saved) },
  /** What stands in the way beside the rules. */
  inTheWay: (inspection?.wayFaults ?? []).map(({ outcome, finding }) => ({ outcome, ...finding })),
  doubts: doubts.map(({ what, settledBy, rule }) => ({ what, settledBy, rule: rulePlace(rule) })),
  sentAway: away.map(({ conversation, sentAway }) => ({
    conversation,
    to: sentAway.map(({ address, port, rule }) => ({ address, port, rule: rulePlace(rule) })),
  })),
});

const reasonsOf = ({ proof, advice }: SavedForBoot): readonly string[] => (proof === null ? advice : [proof]);
