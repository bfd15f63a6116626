// 200 hostile strings for the built program: in rules, in log lines, in file names, as words; and bytes that are no text at all.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findUnshowable, HOSTILE_STRINGS } from '../../fixtures/hostile-strings.ts';
import { type Figures, newFigures } from './figures.ts';

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-strings-'));
process.once('exit', () => rmSync(folder, { recursive: true }));

/** No file and no argument can hold a lone surrogate: written as UTF-8 it is another character. */
const strings = HOSTILE_STRINGS.filter((one) => one.isWellFormed());
const NO_TEXT = Buffer.from([0xff, 0xfe, 0x9b, 0x32, 0x4a, 0xc3, 0x28, 0xe2, 0x80, 0xf0, 0x9f]);

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const quoted = (text: string) => text.replace(/["\\]/g, '\\$&');
const dump = (names: readonly string[]) =>
  `*filter\n:OUTPUT DROP [0:0]\n${names.map((name) => `-A OUTPUT -p tcp -m comment --comment "${quoted(name)}" -j LOG --log-prefix "${quoted(name.slice(0, 20))}"\n`).join('')}COMMIT\n`;
const packet = (name: string) =>
  `Jun 20 18:11:21 web1 kernel: ${name} IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=TCP SPT=40577 DPT=25 WINDOW=1 RES=0x00 SYN URGP=0\n`;

/** In a dump, a line ends at a carriage return for some readers: it has a test of its own. */
const inRules = strings.filter((name) => !/[\r\u2028\u2029]/.test(name));
const rules = file('rules', dump(inRules));
const lineEnds = file('line-ends', dump(strings));
const badRules = file('bad', `*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT --${strings.join(' ')} -j DROP\nCOMMIT\n`);
const nft = file(
  'nft',
  JSON.stringify({ nftables: strings.map((name, at) => ({ table: { family: 'ip', name, handle: at } })) }),
);
const log = file('log', strings.map(packet).join(''));
const noText = file(
  'no-text',
  Buffer.concat([Buffer.from(packet('x')), NO_TEXT, Buffer.from(` ${packet('y')}`), NO_TEXT, Buffer.from('\n')]),
);
mkdirSync(join(folder, 'names'));
const names = strings.filter((name) => !name.includes('/')).map((name) => join(folder, 'names', name));
for (const name of names) writeFileSync(name, packet('z'));

export type Ended = { readonly bytes: Buffer; readonly stdout: string; readonly code: number };
export const run = (args: readonly string[], input: string | Buffer = ''): Promise<Ended> =>
  new Promise((resolve) => {
    const done = (error: unknown, stdout: Buffer, stderr: Buffer) =>
      resolve({
        bytes: Buffer.concat([stdout, stderr]),
        stdout: `${stdout}`,
        code: error !== null && typeof error === 'object' && 'code' in error ? Number(error.code) : 0,
      });
    const child = execFile(process.execPath, ['dist/lo-doctor.js', ...args], { encoding: 'buffer' }, done);
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });

const trace = ['trace', '--to', '127.0.0.1', '--dport', '25'];
const COMMANDS: readonly (readonly [name: string, args: readonly string[], input?: string | Buffer])[] = [
  ['check of rules', ['check', '--rules', rules]],
  ['trace of line ends', [...trace, '--rules', lineEnds]],
  ['check of rules that are none', ['check', '--rules', badRules]],
  ['check of nft', ['check', '--rules', nft]],
  ['check of no text', ['check', '--rules', noText]],
  ['trace', [...trace, '--rules', rules]],
  ['trace of no text', [...trace, '--rules', noText]],
  ['logs', ['logs', log]],
  ['logs of no text', ['logs', noText]],
  ['logs of names', ['logs', ...names]],
  ['logs of names that are not there', ['logs', log, ...names.map((name) => `${name}x`)]],
  ['explain', ['explain', '-'], strings.map(packet).join('')],
  ['explain of what is no packet', ['explain', '-'], strings.join('\n')],
  ['explain of no text', ['explain', '-'], NO_TEXT],
];

/** Words of the command line, each of which is told in a message. */
const WORDS: readonly (readonly string[])[] = [
  [],
  ['practice'],
  ['undo'],
  ['report'],
  ['check'],
  ['trace', '--to'],
  ['fix', '--service'],
];

/** What the program is given: each with and without --json. */
export const hostileRuns = (): {
  readonly args: readonly string[];
  readonly input: string | Buffer;
  readonly fails: boolean;
}[] => [
  ...COMMANDS.flatMap(([, args, input = '']) =>
    [args, [...args, '--json']].map((all) => ({ args: all, input, fails: false })),
  ),
  ...strings.flatMap((evil, at) =>
    at % 9 === 0 ? [{ args: [...(WORDS[at % WORDS.length] ?? []), evil], input: '', fails: true }] : [],
  ),
];

/** Whether each string is met in the rules, and read back from the document as it was: those that are not. */
export async function notReadBack(): Promise<string[]> {
  const { stdout } = await run([...trace, '--rules', rules, '--json']);
  const told = JSON.stringify(JSON.parse(stdout));
  return inRules.filter((name) => !told.includes(JSON.stringify(quoted(name)).slice(1, -1)));
}

/** The drill: every command, all strings; what came out raw. */
export async function drillHostileStrings(): Promise<Figures> {
  const figures = newFigures(`${HOSTILE_STRINGS.length} hostile strings`);
  for (const { args, input } of hostileRuns()) {
    const { bytes } = await run(args, input);
    figures.runs += 1;
    if (bytes.length > 0) figures.reached += 1;
    const raw = findUnshowable(bytes);
    if (raw === null) continue;
    figures.rawBytes += 1;
    figures.notes.push(`raw: ${JSON.stringify(args)}: ${raw}`);
  }
  return figures;
}
