// What is generated from the table of commands, and how a real shell takes it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { completionScript } from '../../src/commands/completion.ts';
import { manPage } from '../../src/completion/man-page.ts';
import { listScenarios } from '../../src/host/practice/practice-host.ts';
import { COMMANDS, PROGRAM_OPTIONS, SHELLS } from '../../src/options/commands.ts';
import { flagOf } from '../../src/options/option.ts';

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'my rules.txt'), '');
writeFileSync(join(folder, 'my.rules'), '');

test.each(SHELLS)('the script for %s is as it was', async (shell) => {
  await expect(completionScript(shell)).toMatchFileSnapshot(`snapshots/lo-doctor.${shell}`);
});

test('the man page is as it was', async () => {
  await expect(manPage('0.0.0')).toMatchFileSnapshot('snapshots/lo-doctor.1');
});

test('the man page names each command and flag, and no line begins a request by accident', () => {
  const page = manPage('0.0.0');
  const told = page.replaceAll('\\-', '-');
  for (const [name, { options }] of Object.entries(COMMANDS)) {
    expect(told).toContain(`.SS lo-doctor ${name}`);
    for (const [key, option] of Object.entries({ ...PROGRAM_OPTIONS, ...options }))
      expect(told).toContain(`\\fB${flagOf(key, option)}\\fR`);
  }
  const requests = [...page.matchAll(/^[.'](\S*)/gm)].map(([, request]) => request);
  expect([...new Set(requests)].sort()).toEqual(['B', 'BR', 'PP', 'SH', 'SS', 'TH', 'TP', 'fi', 'nf']);
  expect(page).toMatch(/^[\x20-\x7e\n]*$/);
});

test.runIf(spawnSync('groff', ['--version']).status === 0)('groff has nothing to say about the man page', () => {
  const { stdout, stderr, status } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], {
    input: manPage('0.0.0'),
    encoding: 'utf8',
  });
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
});

const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

describe.runIf(has('bash'))('bash', () => {
  /** The words as readline has them, `=` a word of its own. */
  const complete = (...words: string[]): string[] => {
    const script = `${completionScript('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lo_doctor; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((word) => word !== '');
  };

  it.each([
    [['lo-doctor', 'ch'], ['check']],
    [['lo-doctor', '--js'], ['--json']],
    [['lo-doctor', 'check', '--form'], ['--format']],
    [['lo-doctor', 'check', '--format', 'n'], ['nagios']],
    [
      ['lo-doctor', 'check', '--format', '='],
      ['text', 'json', 'nagios', 'prometheus', 'github', 'sarif'],
    ],
    [['lo-doctor', 'check', '--format', '=', 'sa'], ['sarif']],
    [
      ['lo-doctor', 'check', '--rules', 'my'],
      ['my rules.txt', 'my.rules'],
    ],
    [['lo-doctor', '--json', 'check', '--rules4', 'my.'], ['my.rules']],
    [['lo-doctor', 'logs', 'my.'], ['my.rules']],
    [['lo-doctor', 'logs', '--si'], ['--since']],
    [['lo-doctor', 'practice', 'wordp'], ['wordpress']],
    [
      ['lo-doctor', 'completion', ''],
      ['bash', 'zsh', 'fish', '--json', '--no-color', '--help'],
    ],
    [['lo-doctor', 'trace', '--dport', ''], []],
    [['lo-doctor', 'fix', '--confirm'], ['--confirm-within']],
    [['lo-doctor', 'check', '--confirm'], []],
  ])('%j', (words, expected) => expect(complete(...words).sort()).toEqual(expected.toSorted()));

  it('knows each scenario', () => {
    const found = complete('lo-doctor', 'practice', '');
    for (const { id } of listScenarios()) expect(found).toContain(id);
  });
});

describe.runIf(has('fish'))('fish', () => {
  it.each([
    ['lo-doctor ch', 'check'],
    ['lo-doctor check --format n', 'nagios'],
    ['lo-doctor practice wordp', 'wordpress'],
    ['lo-doctor check --rules my.', 'my.rules'],
  ])('%s', (line, expected) => {
    const { stdout, stderr } = spawnSync(
      'fish',
      ['-N', '-c', `${completionScript('fish')}\ncomplete -C ${JSON.stringify(line)}`],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(stdout.split('\n').map((found) => found.split('\t')[0])).toContain(expected);
  });
});

test.runIf(has('zsh'))('zsh reads the script', () => {
  const { stderr, status } = spawnSync('zsh', ['-n'], { input: completionScript('zsh'), encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});
