// 200 hostile strings through every face, document, message and script: what comes out has no byte of theirs that does anything.
import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import { printBlocks } from '../../src/commands/print-blocks.ts';
import type { Attempt } from '../../src/diagnosis/attempt.ts';
import { PageView } from '../../src/faces/ink/page-view.tsx';
import { printPage } from '../../src/faces/plain/play.ts';
import { printTrouble } from '../../src/host/host.ts';
import { reportDocument } from '../../src/report/report-document.ts';
import { reportScript } from '../../src/report/report-script.ts';
import { htmlReport, walkReport } from '../../src/report/walk-report.ts';
import { walkPage } from '../../src/steps/walk-page.ts';
import { begin, type Case, type Phase } from '../../src/wizard/state.ts';
import { type Page, text } from '../../src/words/page.ts';
import { printableOutput } from '../../src/words/printable.ts';
import { findUnshowable, HOSTILE_STRINGS } from '../fixtures/hostile-strings.ts';
import { blockedDiagnosis, blockedInspection, fixPlan, verification } from '../fixtures/walk.ts';

const NOW = new Date('2026-11-22T18:00:00Z');

/** A walk in which all that comes from outside is the string. */
const walkOf = (evil: string): Case => {
  const [connection] = verification.attempts;
  const attempts: Attempt[] = [
    {
      kind: 'command',
      commandLine: evil,
      code: 1,
      output: evil,
      trail: { user: null, elsewhere: false, sockets: [], outside: [], programs: [] },
    },
    ...(connection?.kind === 'connection' ? [{ ...connection, name: evil, detail: evil } satisfies Attempt] : []),
  ];
  return {
    ...begin({
      id: 'a1',
      startedAt: NOW,
      confirmWithin: 60,
      story: {
        ...{ id: 'mail', symptom: evil, command: evil, story: evil, isDecoy: false, cause: evil, lesson: evil },
        ...{ hints: [evil], byHand: [evil], next: evil },
      },
    }).case,
    inspection: { ...blockedInspection, host: evil, logs: [evil] },
    action: { id: 'mail', tries: [], commandLine: evil },
    attempts,
    diagnosis: {
      ...blockedDiagnosis,
      findings: blockedDiagnosis.findings.map((one) => ({ ...one, title: evil, evidence: [evil], advice: evil })),
    },
    plan: {
      ...fixPlan,
      byHand: [{ command: ['iptables', '-A', evil], input: evil }],
      undo: [{ command: ['iptables', '-D', evil] }],
      notes: [evil],
    },
    verification: { ...verification, attempts },
    saved: { files: [evil], backups: [evil], nextBoot: 'unknown', proof: null, advice: [evil] },
  };
};

const problem = (evil: string) => ({ message: evil, command: [evil, evil], nextSteps: [evil] });

/** Phases that tell something from outside. */
const phasesOf = (evil: string, walk: Case): Phase[] => {
  const trial = { caseId: 'a1', deadline: NOW };
  const plan = walk.plan ?? fixPlan;
  return [
    { name: 'inspection-failed', problem: problem(evil) },
    { name: 'inspected', problem: problem(evil) },
    { name: 'choosing-action', problem: problem(evil) },
    { name: 'naming-command' },
    { name: 'trying', output: evil },
    { name: 'log-read' },
    { name: 'choosing-fix', plans: [plan], problem: problem(evil) },
    { name: 'reviewing-fix', plans: [plan], plan, rehearsal: problem(evil) },
    {
      name: 'awaiting-confirmation',
      trial,
      verification: walk.verification ?? verification,
      lasting: [{ file: evil, lines: [evil] }],
    },
    { name: 'leaving', outcome: 'rollback-failed', problem: problem(evil) },
    { name: 'finished', outcome: 'rollback-failed', report: evil, problem: problem(evil) },
  ];
};

const failing = (told: (evil: string) => string): string[] =>
  HOSTILE_STRINGS.flatMap((evil) => {
    const found = findUnshowable(told(evil));
    return found === null ? [] : [`${JSON.stringify(evil)}: ${found}`];
  });

test('there are 200, and each is hostile', () => {
  expect(new Set(HOSTILE_STRINGS).size).toBe(200);
  expect(HOSTILE_STRINGS.filter((one) => findUnshowable(one) === null)).toEqual([]);
});

test('the reports in Markdown and HTML, and the script, have none of them raw', () => {
  expect(failing((evil) => walkReport(walkOf(evil), 'unfixed', evil))).toEqual([]);
  expect(failing((evil) => htmlReport(walkOf(evil), 'unfixed', evil))).toEqual([]);
  expect(failing((evil) => reportScript(walkOf(evil), 'unfixed', evil, []))).toEqual([]);
});

test('documents are escaped as JSON allows, and read back as they were', () => {
  expect(
    failing((evil) => {
      const document = reportDocument(walkOf(evil), 'unfixed', evil);
      const written = printableOutput(JSON.stringify(document));
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(document)));
      return written;
    }),
  ).toEqual([]);
});

test('messages, and what the plain face prints of every page, have none of them raw', () => {
  expect(failing((evil) => printableOutput(printTrouble(evil, [evil])))).toEqual([]);
  expect(
    failing((evil) => {
      const walk = walkOf(evil);
      const told: string[] = [];
      for (const phase of phasesOf(evil, walk)) {
        const page = walkPage({ phase, case: walk }, NOW);
        // As the process does with all that it writes.
        printPage({ step: '1 Inspect', page }, { write: (one) => void told.push(printableOutput(one)), columns: 80 });
        told.push(printBlocks([...page.body, ...page.live], { columns: 60, color: false }));
      }
      return told.join('');
    }),
  ).toEqual([]);
});

/** The colours and moves that Ink makes itself. */
const withoutColors = (frame: string) => frame.replace(/\x1b\[[\d;]*m/g, '');

test('the wizard draws none of them', () => {
  const evil = HOSTILE_STRINGS;
  for (let from = 0; from < evil.length; from += 20) {
    const some = evil.slice(from, from + 20);
    const page: Page<string> = {
      title: some.join(' '),
      body: [text(...some), { kind: 'list', items: some }, { kind: 'facts', rows: some.map((one) => [one, one]) }],
      live: [{ kind: 'code', lines: some }],
      busy: some.join(' '),
      choices: some.map((label) => ({ label, event: label })),
      initial: 0,
      input: null,
      back: null,
    };
    const app = render(<PageView page={page} progress={{ names: ['Inspect'], current: 0 }} send={() => {}} />);
    for (const frame of app.frames) expect(findUnshowable(withoutColors(frame))).toBeNull();
    app.unmount();
  }
});
