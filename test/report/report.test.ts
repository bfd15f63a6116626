import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import { parseIptablesSave } from '../../src/firewall/iptables/read/parse-iptables-save.ts';
import { blocksToMarkdown, escapeMarkdown, fenced } from '../../src/report/markdown.ts';
import { reportDocument } from '../../src/report/report-document.ts';
import { htmlReport, walkReport } from '../../src/report/walk-report.ts';
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

test('it reads like a ticket: in this order, and nothing is left out', () => {
  const titles = [...walkReport(fixed, 'fixed', 'web1').matchAll(/^## (.*)$/gm)].map(([, title]) => title);
  expect(titles).toEqual([
    'Symptom',
    'Evidence',
    'Cause',
    'Change',
    'Proof',
    'Undo',
    'The outbound policy, as it was',
    'What happened when',
  ]);
});

test('the symptom is what failed, with what it said; the evidence is the very lines', () => {
  const attempts = [
    { kind: 'command', commandLine: 'mail -s x root', code: 75, output: 'send-mail: fatal: no port 25\n' } as const,
  ];
  const entries = blockedDiagnosis.blocked.flatMap(({ sample }) =>
    sample === null ? [] : [{ source: '/var/log/syslog', line: sample }],
  );
  const [, symptom = '', evidence = ''] = walkReport({ ...fixed, attempts, entries }, 'fixed', 'web1').split(
    /^## .*$/m,
  );
  expect(symptom).toContain('mail -s x root');
  expect(symptom).toContain('send-mail: fatal: no port 25');
  expect(evidence).toContain(SMTP_LINE.trimEnd());
});

test.each([
  ['rolled-back', 'is taken back', 'Nothing is left to take back'],
  ['rollback-failed', 'a part of it may still be', 'lo-doctor undo a1'],
  ['unfixed', 'Not run: to be run by hand', '-D OUTPUT -o lo'],
] as const)('a walk that ended %s says what stands now', (outcome, change, undo) => {
  const walk = outcome === 'unfixed' ? { ...fixed, verification: null, saved: null } : fixed;
  const report = walkReport(walk, outcome, 'web1');
  expect(report).toContain(change);
  expect(report).toContain(undo);
  expect(report).not.toContain('In force, and kept');
});

test('as HTML it is one file that loads and runs nothing, with every character of others escaped', () => {
  const evil = '<script>alert(1)</script>"\'&\u202e';
  const attempts = [{ kind: 'command', commandLine: evil, code: 1, output: evil } as const];
  const page = htmlReport({ ...fixed, attempts }, 'fixed', evil);
  expect(page).not.toMatch(/<script|<img|<link|src=|href=|url\(/);
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
  expect(page).not.toContain('\u202e');
  expect(page).toContain("default-src 'none'");
  expect(page).toContain('<mark>OUT=lo</mark>');
  for (const element of ['p', 'ul', 'li', 'pre', 'dl', 'h2', 'span', 'mark'])
    expect(page.match(new RegExp(`<${element}[ >]`, 'g'))?.length).toBe(
      page.match(new RegExp(`</${element}>`, 'g'))?.length,
    );
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
