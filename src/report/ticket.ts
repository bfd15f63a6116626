// A finished walk as a ticket: symptom, evidence, cause, change, proof, undo. Each format prints the same blocks.

import { judgeAttempt } from '../diagnosis/attempt.ts';
import type { Finding } from '../diagnosis/finding.ts';
import { findRuleFindings } from '../diagnosis/inspect/find-rule-findings.ts';
import { tellPolicies } from '../steps/1-inspect.ts';
import { tellBlocked, tellFinding } from '../steps/3-read-log.ts';
import { commandLines, namePlan } from '../steps/4-fix.ts';
import { tellOutcome, tellSaved, tellVerification } from '../steps/5-verify.ts';
import { nameEvent } from '../steps/history.ts';
import type { Case, Outcome } from '../wizard/state.ts';
import { tellAttempt } from '../words/attempts.ts';
import { distinctLines } from '../words/entry-line.ts';
import { type Block, span, text } from '../words/page.ts';

export type Section = readonly [title: string, blocks: readonly Block[]];

/** A title, where it comes from in a line, and the sections that have something to say. */
export type Ticket = { readonly title: string; readonly origin: string; readonly sections: readonly Section[] };

/** Log lines quoted at the most: a report is read by people. */
const QUOTED = 20;

/** What was left open, where the diagnosis says nothing of it. */
const leftOpen = ({ inspection, diagnosis }: Case): Finding[] => {
  if (inspection === null || inspection.unknownTraces.length === 0) return [];
  if (diagnosis?.findings.some(({ id }) => id === UNKNOWN)) return [];
  return findRuleFindings(inspection).filter(({ id }) => id === UNKNOWN);
};

const UNKNOWN = 'loopback-unknown';

const symptom = ({ story, attempts }: Case): Block[] => {
  const failed = attempts.filter((one) => judgeAttempt(one) === 'fails');
  const output = failed.flatMap((one) =>
    one.kind === 'command' && one.output.trim() !== '' ? [one.output.trim()] : [],
  );
  return [
    ...(story === null ? [] : [text(story.symptom)]),
    failed.length === 0
      ? text(
          attempts.length === 0 ? 'Nothing was tried: what follows is by the rules.' : 'Nothing that was tried failed.',
        )
      : { kind: 'list', items: failed.map(tellAttempt) },
    ...(output.length === 0 ? [] : [{ kind: 'code', lines: output.flatMap((one) => one.split('\n')) } as const]),
  ];
};

const evidence = ({ attempts, entries, inspection }: Case): Block[] => {
  const lines = distinctLines(entries);
  const quoted = lines.slice(0, QUOTED).map((line) => line.text);
  const more = lines.length > QUOTED ? [text(`and ${lines.length - QUOTED} more.`)] : [];
  const others = attempts.filter((one) => judgeAttempt(one) !== 'fails');
  return [
    ...(lines.length === 0
      ? inspection === null
        ? []
        : [text('The firewall logged no line meanwhile.')]
      : [text('What the firewall logged:'), { kind: 'code', lines: quoted } as const, ...more]),
    ...(others.length === 0 ? [] : [text('Tried as well:'), { kind: 'list', items: others.map(tellAttempt) } as const]),
  ];
};

const cause = (walk: Case): Block[] => [
  ...(walk.diagnosis === null ? [] : tellBlocked(walk.diagnosis)),
  ...[...(walk.diagnosis?.findings ?? []), ...leftOpen(walk)].flatMap(tellFinding),
];

/** Whether the change is in force, as far as the walk has brought it. */
const CHANGED: Record<Outcome, string | null> = {
  healthy: null,
  fixed: 'In force, and kept.',
  'kept-unverified': 'In force, and kept.',
  'rolled-back': 'It was in force on trial, and is taken back.',
  'rollback-failed': 'It was in force on trial. Taking it back failed: a part of it may still be.',
  unfixed: 'Not run: to be run by hand.',
  'not-the-firewall': null,
  unexplained: null,
  'cant-tell': null,
  'could-not-look': null,
};

const change = ({ plan, verification }: Case, outcome: Outcome): Block[] => {
  if (plan === null || plan.apply.length === 0) return [text('Nothing was changed.')];
  const how = CHANGED[outcome] ?? (verification === null ? CHANGED.unfixed : null);
  return [
    text(`Permit ${namePlan(plan)}.${how === null ? '' : ` ${how}`}`),
    { kind: 'code', lines: commandLines(verification === null ? plan.byHand : plan.apply) },
  ];
};

const proof = (walk: Case): Block[] => {
  const { plan, verification } = walk;
  if (plan === null || plan.apply.length === 0) return [];
  return [
    text(span('strong', plan.proof.holds ? 'Beforehand: ' : 'Not proved: '), plan.proof.statement),
    ...(verification === null
      ? [text('Afterwards: nothing, as it was not applied.')]
      : [text(span('strong', 'Afterwards:')), ...tellVerification(verification)]),
    ...tellSaved(walk),
  ];
};

const undo = ({ plan, id, verification }: Case, outcome: Outcome): Block[] => {
  if (plan === null || plan.apply.length === 0) return [];
  if (outcome === 'rolled-back') return [text('Nothing is left to take back.')];
  const byHand = { kind: 'code', lines: commandLines(plan.undo) } as const;
  return verification === null
    ? [byHand]
    : [
        text('By lo-doctor, out of the files of the next boot too:'),
        { kind: 'code', lines: [`lo-doctor undo ${id}`] },
        text('By hand, what is in force:'),
        byHand,
      ];
};

const history = ({ history, verification }: Case): Block[] => [
  { kind: 'list', items: history.map(({ at, event }) => `${at.toISOString()}  ${nameEvent(event, verification)}`) },
];

/** The ticket of a walk. */
export const ticketOf = (walk: Case, outcome: Outcome, host: string): Ticket => {
  const sections: Section[] = [
    ['Symptom', symptom(walk)],
    ['Evidence', evidence(walk)],
    ['Cause', cause(walk)],
    ['Change', change(walk, outcome)],
    ['Proof', proof(walk)],
    ['Undo', undo(walk, outcome)],
    ['The outbound policy, as it was', walk.inspection === null ? [] : tellPolicies(walk.inspection)],
    ['What happened when', history(walk)],
  ];
  return {
    title: `lo-doctor on ${host}: ${tellOutcome(outcome, walk)}`,
    origin: `Case ${walk.id}, begun ${walk.startedAt.toISOString()}.`,
    sections: sections.filter(([, blocks]) => blocks.length > 0),
  };
};
