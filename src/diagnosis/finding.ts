// A finding: what was seen, what it means, and what to do about it. One finding feeds screens, reports and documents.

import type { FindingId } from './finding-ids.ts';

/** `problem` is why something fails, `warning` what may, `notice` what is good to know. */
export type Severity = 'problem' | 'warning' | 'notice';

/** A finding in docs/contract.md's shape. `evidence` is what was seen, line by line; `commands` are argument vectors that mend it. */
export type Finding = {
  readonly id: FindingId;
  readonly severity: Severity;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly advice: string;
  readonly commands: readonly (readonly string[])[];
};
