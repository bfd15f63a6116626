// A finished walk as a report for the ticket: what was found, by which evidence, what was changed, how to take it back.

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
import { type Block, text } from '../words/page.ts';
import { blocksToMarkdown, escapeMarkdown } from './markdown.ts';

type Section = readonly [title: string, blocks: readonly Block[]];

/** Log lines quoted at the most: a report is read by people. */
const QUOTED = 20;

/** What was left open, where the diagnosis says nothing of it. */
const leftOpen = ({ inspection, diagnosis }: Case): Finding[] => {
  const isOpen = (inspection?.unknownTraces.length ?? 0) > 0;
  if (inspection === null || !isOpen || diagnosis?.findings.some(({ id }) => id === UNKNOWN)) return [];
  return findRuleFindings(inspection).filter(({ id }) => id === UNKNOWN);
};

const UNKNOWN = 'loopback-unknown';

const found = (walk: Case): Section[] => [
  ['The outbound policy', walk.inspection === null ? [] : tellPolicies(walk.inspection)],
  [
    'What was found',
    [
      ...(walk.diagnosis === null ? [] : tellBlocked(walk.diagnosis)),
      ...[...(walk.diagnosis?.findings ?? []), ...leftOpen(walk)].flatMap(tellFinding),
    ],
  ],
];

const evidence = ({ attempts, entries }: Case): Section[] => {
  const lines = distinctLines(entries);
  const quoted = lines.slice(0, QUOTED).map((line) => line.text);
  const more = lines.length > QUOTED ? [text(`and ${lines.length - QUOTED} more.`)] : [];
  return [
    ['What was tried', attempts.length === 0 ? [] : [{ kind: 'list', items: attempts.map(tellAttempt) }]],
    ['What the firewall logged', lines.length === 0 ? [] : [{ kind: 'code', lines: quoted }, ...more]],
  ];
};

const fix = (walk: Case): Section[] => {
  const { plan, verification, id } = walk;
  if (plan === null) return [];
  return [
    [
      `The fix: permit ${namePlan(plan)}`,
      [
        { kind: 'code', lines: commandLines(verification === null ? plan.byHand : plan.apply) },
        text(plan.proof.statement),
      ],
    ],
    ['After the fix', verification === null ? [] : tellVerification(verification)],
    ['The next boot', tellSaved(walk)],
    ['Taking it back', [{ kind: 'code', lines: [`lo-doctor undo ${id}`, ...commandLines(plan.undo)] }]],
  ];
};

const history = ({ history, verification }: Case): Section[] => [
  [
    'What happened when',
    [{ kind: 'list', items: history.map(({ at, event }) => `${at.toISOString()}  ${nameEvent(event, verification)}`) }],
  ],
];

/** The report of a walk in Markdown. */
export const walkReport = (walk: Case, outcome: Outcome, host: string): string => {
  const sections = [...found(walk), ...evidence(walk), ...fix(walk), ...history(walk)];
  const head = `# lo-doctor on ${escapeMarkdown(host)}: ${escapeMarkdown(tellOutcome(outcome, walk))}\n\nCase ${walk.id}, begun ${walk.startedAt.toISOString()}.`;
  const body = sections.flatMap(([title, blocks]) =>
    blocks.length === 0 ? [] : [`## ${escapeMarkdown(title)}\n\n${blocksToMarkdown(blocks)}`],
  );
  return `${[head, ...body].join('\n\n')}\n`;
};
