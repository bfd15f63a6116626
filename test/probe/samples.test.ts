// The samples of docs/probe.md, as far as they can be run here.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/options/commands.ts';
import { readQuickly } from '../../src/options/read-quickly.ts';
import { bundle } from '../kernel/situation.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/probe.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, kind = '', text = '']) => ({ kind, text }));
const block = (kind: string, holds: string): string =>
  blocks.find((one) => one.kind === kind && one.text.includes(holds))?.text ?? '';

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-samples-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('each command line in the samples is understood', () => {
  const said = blocks
    .flatMap(({ text }) => text.split('\n').filter((line) => !/^\s*(?:#|command = )/.test(line)))
    .flatMap((line) => [...line.matchAll(/lo-doctor check([ \w./-]*)/g)])
    .map(([, words = '']) =>
      words
        .trim()
        .split(/\s+/)
        .filter((word) => word !== ''),
    );
  expect(said.length).toBeGreaterThan(6);
  for (const words of said) expect(readQuickly(COMMANDS.check, words)).not.toBeNull();
});

describe('the check of OpenSCAP', () => {
  const script = join(folder, 'sce.sh');
  writeFileSync(script, block('sh', 'XCCDF_RESULT_PASS'));
  const sce = (rules: string) => {
    const dump = join(folder, 'rules');
    writeFileSync(dump, rules);
    // Named as on a server, and given rules instead of this one.
    const program = join(folder, 'lo-doctor');
    const given = `"$@" --rules4 '${dump}' --rules6 '${dump}'`;
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${resolve(bundle)}' ${given}\n`, { mode: 0o755 });
    const results = { PASS: 101, FAIL: 102, ERROR: 103, UNKNOWN: 104 };
    const env = Object.fromEntries(
      Object.entries(results).map(([name, code]) => [`XCCDF_RESULT_${name}`, String(code)]),
    );
    return spawnSync('sh', [script], { env: { ...env, PATH: `${folder}:${process.env.PATH}` } }).status;
  };
  const filter = (rule: string) => `*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rule}COMMIT\n`;

  test.each([
    ['passes', 101, filter('')],
    ['fails', 102, filter('-A OUTPUT -j DROP\n')],
    ['is an error', 103, 'nonsense\n'],
    ['is unknown', 104, filter('-A OUTPUT -m set --match-set x dst -j DROP\n')],
  ])('%s', (_, code, rules) => expect(sce(rules)).toBe(code));
});

test('the units say when the timer starts what', () => {
  expect(block('ini', '[Service]')).toMatch(/^# \S+\/lo-doctor-check\.service\n[\s\S]*^SuccessExitStatus=1 4$/m);
  expect(block('ini', '[Timer]')).toMatch(/^# \S+\/lo-doctor-check\.timer\n[\s\S]*^OnUnitActiveSec=10min$/m);
});
