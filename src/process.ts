// The process as commands see it: its streams, and how it ends. Only this file, cli.tsx and main.ts know them.

import { fstatSync, readFileSync, writeSync } from 'node:fs';
import type { Io } from './commands/io.ts';
import { type HostError, printHostError } from './host/host.ts';
import { EXIT } from './options/exit-codes.ts';
import { printableOutput } from './words/printable.ts';
import { shellLine } from './words/shell-line.ts';
import { decodeText } from './work/decode-text.ts';

const STREAMS = { stdin: 0, stdout: 1, stderr: 2 } as const;
type Stream = keyof typeof STREAMS;

/** Node takes 3 ms to open a stream, which is no use where it is a file or a pipe. */
export const isTerminal = (stream: Stream): boolean =>
  fstatSync(STREAMS[stream]).isCharacterDevice() && process[stream].isTTY === true;

/** What every command is given of the process; `color` is whether the user lets it use colours. */
export const openIo = (color: boolean): Omit<Io, 'openPrompt' | 'isTerminal'> => {
  const isColored = color && isTerminal('stdout') && !process.env.NO_COLOR;
  return {
    stdout: (text) => write('stdout', isColored ? printableColored(text) : printableOutput(text)),
    stderr: (text) => write('stderr', printableProgress(text) ?? printableOutput(text)),
    stdin: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
    columns: columnsOfStdout(),
    color: isColored,
    unicode: /utf-?8/i.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || ''),
    isSpoken: isOn(process.env.ACCESSIBLE) || isOn(process.env.INK_SCREEN_READER),
    now: () => new Date(),
  };
};

/** Whether a variable asks for what it is named for. */
const isOn = (value: string | undefined): boolean =>
  value !== undefined && !['', '0', 'false', 'no'].includes(value.toLowerCase());

/** Where a terminal does not tell its size, nothing can be drawn that stays in its place. */
export const hasSize = (): boolean => Boolean(process.stdout.columns) && Boolean(process.stdout.rows);

/** A terminal that does not tell its size (0 x 0: a serial line, expect) has 80 columns as a rule; what is no terminal wraps by itself. */
const columnsOfStdout = (): number => (isTerminal('stdout') ? process.stdout.columns || 80 : 100);

/** The colours that blocks are painted in stay; all else in them was made printable when they were laid out. */
const printableColored = (text: string): string =>
  text
    .split(/(\x1b\[[\d;]*m)/)
    .map((part, place) => (place % 2 === 1 ? part : printableOutput(part)))
    .join('');

/** A line that is drawn over the last one, and erased to its end (`logs`); null for any other text. */
function printableProgress(text: string): string | null {
  const drawn = /^\r([^\n]*)\x1b\[K$/.exec(text)?.[1];
  return drawn === undefined ? null : `\r${printableOutput(drawn)}\x1b[K`;
}

/** What `logs` is given beyond that: whether its progress may be drawn. */
export const progressIo = () => ({ showsProgress: isTerminal('stderr') });

/** Streams that were opened: from then on all goes through them, in its order. */
const opened = new Set<Stream>();

function openStream(stream: 'stdout' | 'stderr'): NodeJS.WriteStream {
  // A closed pipe or terminal is no defect: what is to be undone is undone all the same.
  if (!opened.has(stream)) process[stream].on('error', () => {});
  opened.add(stream);
  return process[stream];
}

/** Writes to a file or a pipe at once, as long as its reader keeps up, and to a terminal through Node's stream. */
function write(stream: 'stdout' | 'stderr', text: string): void {
  let rest = Buffer.from(text);
  try {
    const isDirect = !opened.has(stream) && !isTerminal(stream);
    while (isDirect && rest.length > 0) rest = rest.subarray(writeSync(STREAMS[stream], rest));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EPIPE') return;
    if (code !== 'EAGAIN') throw error;
  }
  if (rest.length > 0) openStream(stream).write(rest);
}

/** A file's text, in UTF-8 or UTF-16, without its byte order mark; `-` is standard input. */
export const readFile = (path: string): string => decodeText(readFileSync(path === '-' ? STREAMS.stdin : path));

/** Sets the exit code unless a signal has. Followed logs and timers of a past walk must not keep the process. */
export function finish(code: number): void {
  process.exitCode ??= code;
  setTimeout(() => process.exit(), 200).unref();
}

/** Ends the process at once where nothing waits in a stream: that spares what Node would clear up. Only the part that has written knows. */
export function finishAtOnce(code: number): void {
  process.exitCode = code;
  if (opened.size === 0) process.exit();
}

/** Tells what could not be done, or of a defect, and ends the process. */
export function fail(error: unknown): never {
  const { stderr } = openIo(false);
  if (isHostError(error)) stderr(printHostError(error));
  else {
    const told = error instanceof Error ? error.stack : error;
    stderr(`lo-doctor: a defect of its own. Please report it with what stands below.\n${told}\n`);
  }
  process.exit(EXIT.couldNot);
}

/** By name: the parts of the bundle each have a class of their own. */
const isHostError = (error: unknown): error is HostError => error instanceof Error && error.name === 'HostError';

/** Stops this process as Ctrl-Z does, and resolves when it goes on: at once where no shell could let it. The rollback is another process. */
export const suspend = async (): Promise<void> => {
  process.kill(process.pid, 'SIGTSTP');
  // Time that passes while it is stopped ends the wait when it goes on.
  await new Promise((resolve) => setTimeout(resolve, 100));
};

/** How this program was started, as a line that does the same from any directory: its name where a shell finds it, else its path. */
export const howStarted = (): string => {
  const [, path] = process.argv;
  if (path === undefined) return 'lo-doctor';
  const isFound = process.env.PATH?.split(':').some((directory) => `${directory}/lo-doctor` === path);
  return isFound === true ? 'lo-doctor' : shellLine([process.execPath, path]);
};
