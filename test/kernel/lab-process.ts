// Processes of a lab: started through nsenter, watched and ended from outside.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, RunAs } from './lab.ts';

export type Result = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
export type Exec = (command: Command, options?: RunAs & { input?: string; timeout?: number }) => Promise<Result>;
export type Spawn = (command: Command, options?: RunAs) => Promise<LabProcess>;

/** A program that runs in the lab. */
export type LabProcess = {
  readonly stdin: NodeJS.WritableStream;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Sends a signal to the program itself. */
  kill(signal: NodeJS.Signals): void;
  /** Its exit code and output when it has ended; `code` is null where a signal ended it. */
  readonly ended: Promise<Result>;
};

/** Runs an argument vector that starts with nsenter. */
export function running([nsenter, ...args]: Command, env: Record<string, string>): LabProcess {
  const child = spawn(nsenter, args, { env });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // A program may end without reading all of its input.
  child.stdin.on('error', () => {});
  return {
    stdin: child.stdin,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    kill: (signal) => {
      if (child.exitCode === null && child.signalCode === null) process.kill(childOf(child.pid), signal);
    },
    ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, ...output }))),
  };
}

/** Gives a program its input and waits for its end; when it takes longer than `timeout` ms it is killed and the promise rejects. */
export async function waitForEnd(
  program: LabProcess,
  { input = '', timeout = 30_000 }: { input?: string; timeout?: number },
): Promise<Result> {
  program.stdin.end(input);
  const waiting = new AbortController();
  const late = sleep(timeout, null, { signal: waiting.signal }).catch(() => null);
  const result = await Promise.race([program.ended, late]);
  waiting.abort();
  if (result !== null) return result;
  program.kill('SIGKILL');
  throw new Error(`still running after ${timeout} ms\n${program.stdout()}${program.stderr()}`);
}

/** The only child of a process that waits for it (nsenter, unshare): the process that stands in the lab. */
export function childOf(pid: number | undefined): number {
  return Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10);
}

/** Waits for the word `ready`; rejects with stderr when the process ends before it. */
export function readiness(child: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr.on('data', (text) => {
      complaint += text;
    });
    child.stdout.once('data', () => resolve());
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the lab could not be made (${code}): ${complaint}`)));
  });
}
