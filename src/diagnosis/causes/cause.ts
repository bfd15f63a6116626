// What a cause is: a small function from what was seen to a finding, or to nothing. The list of them is in find-other-causes.ts.

import type { Surroundings, Trace } from '../../firewall/conversation/trace.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import type { EntryLine } from '../../log/packet/entry.ts';
import { nameRule } from '../../naming/rules.ts';
import type { Attempt } from '../attempt.ts';
import type { OwnLogging } from '../drops/judge-logged-packet.ts';
import type { Failure } from '../failures.ts';
import type { Finding } from '../finding.ts';
import type { Listener } from '../listener.ts';
import type { Witness } from '../witness.ts';

/** What failed although no rule stops it: a failure, and its trace. */
export type Passing = { readonly failure: Failure; readonly trace: Trace };

/** `passing`: failures whose conversations the rules let through, and that no earlier cause has explained. */
export type Clues = {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  /** lo-doctor's own log rules, which are not in `ruleset`. */
  readonly own: OwnLogging | null;
  /** Entries of packets that were not on lo. */
  readonly elsewhere: readonly EntryLine[];
  /** Null: nobody could look. */
  readonly listeners: readonly Listener[] | null;
  readonly attempts: readonly Attempt[];
  readonly passing: readonly Passing[];
  readonly witness: Witness;
  /** The causes that were found already. */
  readonly found: readonly FoundCause[];
};

/**
 * Who is to blame, by which a page gets its heading. `filter`: rules stop it, though no permit on lo would help; `nat`: a rule sends it elsewhere;
 * `server`: something else on this server or in the command; `nobody`: it works; `unknown`: nothing proves anything.
 */
export type Blame = 'filter' | 'nat' | 'server' | 'nobody' | 'unknown';

/** A cause that was found: whom it blames, and the failures that it explains, which later causes don't see any more. */
export type FoundCause = {
  readonly finding: Finding;
  readonly blame: Blame;
  readonly explains: readonly Failure[];
  /** What it says of a command: `says-why`, or only what is so where nothing says why (`fallback`), which is then left out. */
  readonly command?: 'says-why' | 'fallback';
};

export type Cause = (clues: Clues) => FoundCause | null;

/** What the evaluation says of a failure that the rules let through, as evidence. */
export const PASSES = 'by its rules the firewall lets this connection through';

/** The same of one failure: a request that comes through is answered by the kernel where nobody listens, whatever a service's answer would meet. */
export const tellRules = ({ passing }: Clues, failure: Failure): string => {
  const stop = passing.find((one) => one.failure === failure)?.trace.stoppedAt ?? null;
  return stop === null || stop.packet === 'request'
    ? PASSES
    : `by its rules the firewall lets the request through; what a service there would send is stopped by ${nameRule(stop.rule)}`;
};
