// Nothing that comes from outside reaches the terminal raw: every command is given hostile words, names and contents.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeTerminal } from '../kernel/available.ts';

/** Clears the screen, the same by C1, rings, deletes, turns the text around, hides it, begins a line of its own. */
const EVIL = 'x\x1b[2J\x9b2J\x07\x7f\u202e\u200b\u2066\ufeff\u{e0041}\rlo-doctor: all is well\nlo-doctor: all is well';
const RAW = /[\x00-\x08\x0b-\x1f\x7f-\x9f]|[\p{Cf}\p{Zl}\p{Zp}]/u;

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const dump = (comment: string, after = ''): string =>
  `*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m comment --comment "${comment}" -j DROP\n${after}COMMIT\n`;
const oneLine = EVIL.replace('\n', '');
const packet = `Jun 20 18:11:21 web1 kernel: ${oneLine} IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=TCP SPT=40577 DPT=25 WINDOW=1 RES=0x00 SYN URGP=0\n`;

const rules = file('rules', dump(oneLine));
const badRules = file('bad', dump('x', `-A OUTPUT --${oneLine} -j DROP\n`));
const evilRules = file(EVIL, dump(oneLine));
const log = file('log', packet);
const evilLog = file(`log${EVIL}`, packet);
const nowhere = join(folder, `nowhere${EVIL}`);

const COMMANDS: readonly (readonly string[])[] = [
  [EVIL],
  [`--${EVIL}`],
  ['logs', EVIL],
  ['logs', nowhere, log],
  ['logs', evilLog],
  ['logs', '--since', EVIL, log],
  ['logs', `--${EVIL}`],
  ['explain', packet],
  ['explain', EVIL],
  ['check', '--rules', rules],
  ['check', '--rules', badRules],
  ['check', '--rules', evilRules],
  ['check', '--rules', nowhere],
  ['check', EVIL],
  ['trace', '--to', EVIL, '--rules', rules],
  ['trace', '--to', '127.0.0.1', '--dport', EVIL, '--rules', rules],
  ['trace', '--to', '127.0.0.1', '--dport', '25', '--proto', EVIL, '--rules', rules],
  ['trace', '--to', '127.0.0.1', '--dport', '25', '--rules', rules],
  ['trace', '--to', '127.0.0.1', '--dport', '25', '--rules', badRules],
  ['trace', '--to', '127.0.0.1', '--dport', '25', '--rules', evilRules],
  ['trace', '--to', '127.0.0.1', '--dport', '25', '--rules', nowhere],
  ['trace', '--to', '127.0.0.1', '--from', EVIL, '--rules', rules],
  ['fix', '--service', EVIL],
  ['fix', '--all', '--confirm-within', EVIL],
  ['confirm', EVIL],
  ['undo', EVIL],
  ['report', EVIL],
  ['report', '--format', EVIL],
  ['practice', EVIL],
];

type Output = { readonly stdout: string; readonly stderr: string };

const run = (args: readonly string[]): Promise<Output> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, ['dist/lo-doctor.js', ...args], (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
    child.stdin?.end();
  });

const visible = (args: readonly string[]) => JSON.stringify(args.map((word) => word.replace(folder, '').slice(0, 12)));

describeTerminal('hostile words', () => {
  it.each(COMMANDS.map((args) => [visible(args), args] as const))('reach no terminal by %s', async (_, args) => {
    for (const more of [[], ['--json']]) {
      const { stdout, stderr } = await run([...args, ...more]);
      expect(stdout + stderr).not.toMatch(RAW);
      expect(stderr).not.toMatch(/^lo-doctor: all is well/m);
      expect(stdout).not.toMatch(/^lo-doctor: all is well/m);
      expect(stdout + stderr).not.toBe('');
    }
  });

  it('are read back from a document as they were', async () => {
    const { stdout } = await run(['explain', packet, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ line: expect.stringContaining(oneLine) });
  });
});
