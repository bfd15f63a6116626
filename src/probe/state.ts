// What a probe has to tell: one state, as a monitoring daemon knows them.

import type { Inspection } from '../diagnosis/inspect/inspect.ts';
import type { FinalRule } from '../firewall/questions/final-rule.ts';
import { EXIT, type LookCode } from '../options/exit-codes.ts';

/** What could not be looked at, and why; `place` where a file was given and is what is wrong. */
export type Trouble = {
  readonly message: string;
  readonly nextSteps: readonly string[];
  readonly place: { readonly file: string; readonly line: number | null } | null;
};

/** One look, or why there was none. `exitCode` is the one of docs/contract.md. */
export type ProbeLook =
  | { readonly inspection: Inspection; readonly exitCode: LookCode }
  | { readonly trouble: Trouble; readonly exitCode: typeof EXIT.couldNot };

export type ProbeState = 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN';

/** The exit codes that Nagios, Icinga, Naemon, Sensu, Zabbix and others agree upon. */
export const PROBE_EXITS: Readonly<Record<ProbeState, number>> = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 };

/** The final rules that drop or reject with no line in the log beforehand: nobody would see what they stop. */
export const findSilentFinals = ({ policies }: Inspection): FinalRule[] =>
  policies
    .map(({ final }) => final)
    .filter(
      ({ action, logs }) => (action === 'drop' || action === 'reject') && (logs === 'never' || logs === 'unreachable'),
    );

/** What is not known is never a warning, which would say that loopback passes. */
export const stateOf = (look: ProbeLook): ProbeState => {
  switch (look.exitCode) {
    case EXIT.blocked:
      return 'CRITICAL';
    case EXIT.couldNot:
    case EXIT.cantTell:
      return 'UNKNOWN';
    case EXIT.done:
      return findSilentFinals(look.inspection).length > 0 ? 'WARNING' : 'OK';
  }
};
