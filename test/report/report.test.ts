import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import { parseIptablesSave } from '../../src/firewall/iptables/read/parse-iptables-save.ts';
import { blocksToMarkdown, escapeMarkdown, fenced } from '../../src/report/markdown.ts';
import { reportDocument } from '../../src/report/report-document.ts';
import { reportScript } from '../../src/report/report-script.ts';
import { walkReport } from '../../src/report/walk-report.ts';
import { withoutSecrets } from '../../src/report/without-secrets.ts';
import { begin, type Case } from '../../src/wizard/state.ts';
import { quoteShellWord } from '../../src/words/shell-line.ts';
import { blockedDiagnosis, blockedInspection, fixPlan, SMTP_LINE, verification } from '../fixtures/walk.ts';

const STARTED = new Date('2026-11-22T18:00:00Z');

const fixed: Case = {
  ...begin({ id: 'a1', startedAt: STARTED, confirmWithin: 60, story: null }).case,
  inspection: blockedInspection,
  diagnosis: blockedDiagnosis,
  plan: fixPlan,
  verification,
  saved: { files: ['/etc/iptables/rules.v4'], backups: [], nextBoot: 'passes', proof: null, advice: [] },
  history: [{ at: STARTED, event: 'kept' }],
};

test('a report tells what was found, by which line and rule, what was changed and how to take it back', () => {
  const report = walkReport(fixed, 'fixed', 'web1');
  for (const part of [
    '# lo-doctor on web1: Fixed, verified and kept',
    SMTP_LINE.trimEnd(),
    'rule 3 of OUTPUT',
    '-I OUTPUT 3 -o lo',
    'lo-doctor undo a1',
    '/etc/iptables/rules.v4',
    '2026-11-22T18:00:00.000Z  the fix was kept',
  ])
    expect(report).toContain(part);
});

test('a walk that could not tell says what it depends on', () => {
  const tables = parseIptablesSave(
    '*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m set --match-set domains dst -j DROP\nCOMMIT\n',
    { file: 'x', family: 'ip' },
  );
  const [probe] = blockedInspection.probes;
  if (probe === undefined) throw new Error('the fixture has probes');
  const tried = [{ conversation: probe, end: 'connected', rose: [] } as const];
  const inspection = inspect({ ...blockedInspection, ruleset: { tables }, tried }, 'a1');
  const report = walkReport({ ...fixed, inspection, diagnosis: null, plan: null, saved: null }, 'cant-tell', 'web1');
  expect(report).toContain("Whether the firewall stops loopback can't be told");
  expect(report).toContain('it depends on "-m set --match-set domains dst"');
  expect(report).toContain('connected, which proves this moment only');
});

test('nothing from outside becomes markup', () => {
  expect(escapeMarkdown('<img src=x> [a](b) `c` **d** \u001b[31m')).toBe(
    '&lt;img src=x&gt; \\[a\\](b) \\`c\\` \\*\\*d\\*\\* \\\\x1b\\[31m',
  );
  expect(fenced(['a ``` b'])).toBe('````\na ``` b\n````');
  expect(blocksToMarkdown([{ kind: 'list', items: ['# no title'] }])).toBe('- \\# no title');
});

test('the document has the schema first, and all that a machine needs', () => {
  const document = reportDocument(fixed, 'fixed', 'web1');
  expect(Object.keys(document)[0]).toBe('schema');
  expect(JSON.parse(JSON.stringify(document))).toMatchObject({
    schema: 'lo-doctor.report/1',
    outcome: 'fixed',
    loopback: { ip: 'blocked' },
    blocked: [
      {
        conversation: { destinationPort: 25 },
        stoppedAt: { hook: 'output', rule: { number: 3, text: '-A OUTPUT -j DROP' } },
      },
    ],
  });
});

test('the script applies the very commands of the fix, and undoes them', () => {
  const script = reportScript(fixed, 'fixed', 'web1').replaceAll(/^( *)iptables /gm, '$1echo iptables ');
  const [apply] = fixPlan.apply;
  expect(execFileSync('sh', ['-s'], { input: script, encoding: 'utf8' })).toBe(`${apply?.command.join(' ')}\n`);
  expect(execFileSync('sh', ['-s', 'undo'], { input: script, encoding: 'utf8' })).toContain('-D OUTPUT -o lo');
});

test('a quoted word comes back from a shell as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), (word) => {
      fc.pre(!word.includes('\0') && word.isWellFormed());
      expect(execFileSync('sh', ['-c', `printf %s ${quoteShellWord(word)}`], { encoding: 'utf8' })).toBe(word);
    }),
    { numRuns: 50 },
  );
});

test('a report holds no secret that was typed, printed, or quoted as evidence', () => {
  const secret = 'S3cr3t-of-ours';
  const attempt = {
    kind: 'command',
    commandLine: `mysql -p${secret} -h 127.0.0.1`,
    code: 1,
    output: `access denied with ${secret}`,
  } as const;
  const walk = withoutSecrets({
    ...fixed,
    attempts: [attempt],
    action: { id: 'command', tries: [], commandLine: attempt.commandLine },
    verification: { ...verification, attempts: [attempt] },
    diagnosis: {
      ...blockedDiagnosis,
      findings: [
        {
          id: 'nobody-listens',
          severity: 'problem',
          title: `it said ${secret}`,
          evidence: [`the command's output: ${secret}`],
          advice: `not ${secret}`,
          commands: [],
        },
      ],
    },
  });
  const written = [walkReport(walk, 'fixed', 'web1'), JSON.stringify(reportDocument(walk, 'fixed', 'web1'))];
  for (const text of written) {
    expect(text).toContain('-h 127.0.0.1');
    expect(text).not.toContain(secret);
  }
});
