// A host that expects exactly the commands it was told: an unexpected command fails at once, a missing one in `finish`.
import type { Command, Follow, Host, RunOptions, RunResult } from '../../src/host/host.ts';

/** A command that has to be run, with what it answers; `lines` makes it a followed one. Omitted: code 0, no output. */
export type Expected = {
  command: Command;
  /** The standard input that the command has to get; when left out, it has to get none. */
  input?: string;
  code?: number | null;
  stdout?: string;
  stderr?: string;
  timedOut?: boolean;
  lines?: readonly string[];
};

/** `inOrder: false` lets the commands come in any order, for readers that ask several things at once. */
export type FakeHost = Host & { finish(): void };

/** A fake host; call `finish()` at the end of the test: it throws when a command has not been run. */
export function fakeHost(expected: readonly Expected[], { inOrder = true } = {}): FakeHost {
  const waiting = [...expected];

  function take(command: Command, input: string | undefined, followed: boolean): Expected {
    const index = waiting.findIndex((one) => same(one, command, input, followed));
    const found = waiting[index];
    if (found === undefined || (inOrder && index !== 0)) {
      throw new Error(`unexpected ${followed ? 'follow' : 'run'}: ${describe(command, input)}\n${listOf(waiting)}`);
    }
    waiting.splice(index, 1);
    return found;
  }

  return {
    name: 'fake',
    async run(command: Command, { input, onOutput }: RunOptions = {}): Promise<RunResult> {
      const { code = 0, stdout = '', stderr = '', timedOut = false } = take(command, input, false);
      for (const text of [stdout, stderr]) if (text !== '') onOutput?.(text);
      return { code, stdout, stderr, timedOut };
    },
    follow(command: Command): Follow {
      const { lines = [] } = take(command, undefined, true);
      let stopped = false;
      return {
        lines: (async function* () {
          for (const line of lines) if (!stopped) yield line;
        })(),
        stop: () => {
          stopped = true;
        },
      };
    },
    finish() {
      if (waiting.length > 0) throw new Error(`commands that were never run:\n${listOf(waiting)}`);
    },
  };
}

function same(one: Expected, command: Command, input: string | undefined, followed: boolean): boolean {
  return (
    (one.lines !== undefined) === followed &&
    one.input === input &&
    one.command.length === command.length &&
    one.command.every((word, index) => word === command[index])
  );
}

function describe(command: Command, input: string | undefined): string {
  return input === undefined ? command.join(' ') : `${command.join(' ')} <<< ${JSON.stringify(input)}`;
}

function listOf(waiting: readonly Expected[]): string {
  if (waiting.length === 0) return 'nothing more was expected';
  return `expected: ${waiting.map((one) => describe(one.command, one.input)).join('\n          ')}`;
}
