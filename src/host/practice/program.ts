// What a program on the practice server is: a function from its words and its input to its output and exit code.
import type { RunResult } from '../host.ts';
import type { Server } from './server.ts';

/** One run of a program. `args` are the words behind its name. */
export type Call = {
  readonly name: string;
  readonly args: readonly string[];
  readonly server: Server;
  readonly input: string;
  /** Who runs it. */
  readonly uid: number;
  /** Where relative paths start. */
  readonly directory: string;
  /** Ends waiting early. */
  readonly signal: AbortSignal;
};

/** What a program leaves behind: its exit code and what it wrote. */
export type Ended = Pick<RunResult, 'stdout' | 'stderr'> & { readonly code: number };

/** A program; it never throws. */
export type Program = (call: Call) => Ended | Promise<Ended>;

/** A program that goes on: it says each line as it comes, until the signal; answers how it ended by itself, if it did. */
export type FollowedProgram = (call: Call, say: (line: string) => void) => void;

/** Ended well. */
export function printed(stdout = ''): Ended {
  return { code: 0, stdout, stderr: '' };
}

/** Ended with a complaint; a line end is added. */
export function failed(code: number, complaint: string): Ended {
  return { code, stdout: '', stderr: complaint === '' ? '' : `${complaint}\n` };
}

/** One end for several: all output in order, and the last code that is not 0. */
export function joined(ends: readonly Ended[]): Ended {
  return {
    code: ends.findLast(({ code }) => code !== 0)?.code ?? 0,
    stdout: ends.map(({ stdout }) => stdout).join(''),
    stderr: ends.map(({ stderr }) => stderr).join(''),
  };
}

/** A path as the file system knows it. */
export function pathOf({ directory }: Call, path: string): string {
  return path.startsWith('/') ? path : `${directory}/${path}`;
}

/** Splits words into short options (letters with a dash, until `--`) and operands. `takesValue` names letters with a value. */
export function splitOptions(
  args: readonly string[],
  takesValue = '',
): { options: Map<string, string>; operands: string[] } {
  const options = new Map<string, string>();
  const operands: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word === '--') return { options, operands: [...operands, ...args.slice(at + 1)] };
    if (!word.startsWith('-') || word === '-') operands.push(word);
    else if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      options.set(word.slice(2, equals < 0 ? undefined : equals), equals < 0 ? '' : word.slice(equals + 1));
    } else at += takeLetters(word.slice(1), args[at + 1], options, takesValue);
  }
  return { options, operands };
}

/** Answers how many further words were taken as a value. */
function takeLetters(
  letters: string,
  next: string | undefined,
  options: Map<string, string>,
  takesValue: string,
): number {
  for (let index = 0; index < letters.length; index += 1) {
    const letter = letters[index] ?? '';
    if (!takesValue.includes(letter)) {
      options.set(letter, '');
      continue;
    }
    const rest = letters.slice(index + 1);
    options.set(letter, rest || (next ?? ''));
    return rest === '' ? 1 : 0;
  }
  return 0;
}
