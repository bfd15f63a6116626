// This server as a host: commands are run with execa, as argument vectors, without a shell.
import { accessSync, constants } from 'node:fs';
import { Socket } from 'node:net';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import { execa, type Options } from 'execa';
import { SYSTEM_ENVIRONMENT, usersEnvironment } from './environment.ts';
import type { Command, Follow, Host, RunOptions, RunResult } from './host.ts';
import { splitLines } from './split-lines.ts';

const OUTPUT_LIMIT = 64 * 1024 * 1024;
const DEFAULT_TIMEOUT = 30_000;
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** A directory that is always there and may be entered by everyone. */
const ROOT = '/';
const NOWHERE =
  'The command was not run: the directory that lo-doctor was started in is gone or may not be entered. Change into another one and start lo-doctor there.\n';

/** The server that lo-doctor itself runs on. */
export function localHost(): Host {
  return { name: hostname(), run, follow };
}

async function run(command: Command, options: RunOptions = {}): Promise<RunResult> {
  if (!isPassable(command))
    return { code: NOT_EXECUTABLE, stdout: '', stderr: 'a NUL byte in a command\n', timedOut: false };
  const [program, ...args] = command;
  const { input, timeout = DEFAULT_TIMEOUT, signal, onOutput } = options;
  const { inUsersDirectory = false, withUsersEnvironment = false } = options;
  const directory = inUsersDirectory ? findUsersDirectory() : ROOT;
  if (directory === null) return { code: NOT_EXECUTABLE, stdout: '', stderr: NOWHERE, timedOut: false };
  const child = execa(program, args, {
    ...common(directory),
    ...(withUsersEnvironment ? { env: usersEnvironment() } : {}),
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    timeout,
    // A change that was begun is finished even when lo-doctor is ended meanwhile.
    cleanup: false,
    maxBuffer: OUTPUT_LIMIT,
    stripFinalNewline: false,
  });
  if (onOutput !== undefined) {
    tellOutput(child.stdout, onOutput);
    tellOutput(child.stderr, onOutput);
  }
  return toRunResult(await child);
}

/** Runs a command that ends when standard input does: a killed lo-doctor can't end what it follows, but its end is seen. */
const UNTIL_INPUT_ENDS = `exec 3<&0
"$@" </dev/null 3<&- &
command=$!
{ cat <&3; kill "$command"; } >/dev/null &
guard=$!
exec 3<&-
wait "$command"
kill "$guard"`;

function follow(command: Command): Follow {
  if (!isPassable(command)) return { lines: splitLines(Readable.from([])), stop: () => {} };
  const child = execa('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', ...command], {
    ...common(ROOT),
    stdin: 'pipe',
    stderr: 'ignore',
    buffer: false,
    forceKillAfterDelay: 1000,
  });
  // What is followed never keeps lo-doctor alive: whoever waits for the lines has reasons of its own to live.
  child.nodeChildProcess.unref();
  // Lines wait in the pipe until somebody reads them: left flowing, execa would throw them away.
  child.stdout.pause();
  for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
  return {
    lines: splitLines(child.stdout),
    stop: () => {
      child.kill();
      child.stdout.destroy();
    },
  };
}

/** No program can be given a NUL byte; node would throw. */
function isPassable(command: Command): boolean {
  return command.every((word) => !word.includes('\0'));
}

/** Where lo-doctor was started; null where that is gone, or may not be entered by the user it runs as. */
function findUsersDirectory(): string | null {
  try {
    const directory = process.cwd();
    accessSync(directory, constants.X_OK);
    return directory;
  } catch {
    return null;
  }
}

/** What every command gets: no shell, an environment that is nobody's, a process group of its own. */
function common(directory: string) {
  return {
    reject: false,
    cwd: directory,
    env: SYSTEM_ENVIRONMENT,
    extendEnv: false,
    // Ctrl-C in the terminal then reaches lo-doctor alone, and ending a command ends what it started.
    killDescendants: true,
  } as const satisfies Options;
}

function tellOutput(stream: Readable, onOutput: (text: string) => void): void {
  const decoder = new TextDecoder();
  stream.on('data', (chunk: Uint8Array) => onOutput(decoder.decode(chunk, { stream: true })));
}

/** The part of execa's result that a RunResult is made of. */
type Ended = {
  stdout: string;
  stderr: string;
  timedOut: boolean;
  isMaxBuffer: boolean;
  exitCode?: number | undefined;
  code?: string | undefined;
  shortMessage?: string | undefined;
};

function toRunResult(ended: Ended): RunResult {
  const { stdout, stderr, timedOut, isMaxBuffer, exitCode, shortMessage = '' } = ended;
  if (exitCode !== undefined && !isMaxBuffer) return { code: exitCode, stdout, stderr, timedOut };
  return { code: codeOfFailedStart(ended.code), stdout, stderr: stderr || `${shortMessage}\n`, timedOut };
}

/** The code a shell would give for a program that could not be started; null when it ran and was ended by a signal. */
function codeOfFailedStart(code: string | undefined): number | null {
  switch (code) {
    case 'ENOENT':
      return NOT_FOUND;
    case 'EACCES':
    case 'ENOEXEC':
      return NOT_EXECUTABLE;
    default:
      return null;
  }
}
