// The smallest programs: test, grep, echo, sleep and the like.
import { type Call, failed, joined, type Program, pathOf, printed, splitOptions } from '../program.ts';
import { linesOf, readOr } from '../read-operand.ts';

/** `test -e PATH`, `test TEXT = TEXT`, `test -n TEXT`, with `!` in front; `[` is the same. */
export const test: Program = (call) => {
  const words = call.name === '[' ? call.args.slice(0, -1) : call.args;
  const negated = words[0] === '!';
  return failed(holds(call, negated ? words.slice(1) : words) !== negated ? 0 : 1, '');
};

function holds(call: Call, words: readonly string[]): boolean {
  const [first = '', second, third = ''] = words;
  if (second === '=' || second === '==') return first === third;
  if (second === '!=') return first !== third;
  if (second === undefined) return first !== '';
  const found = call.server.files.node(pathOf(call, second));
  switch (first) {
    case '-n':
      return second !== '';
    case '-z':
      return second === '';
    case '-d':
      return found?.kind === 'directory';
    case '-f':
      return found !== null && found.kind !== 'directory';
    case '-s':
      return (call.server.files.read(pathOf(call, second)) ?? '') !== '';
    case '-S':
    case '-L':
    case '-h':
      return false;
    default:
      return found !== null;
  }
}

export const grep: Program = (call) => {
  const { options, operands } = splitOptions(call.args, 'emA');
  const [pattern = '', ...paths] = options.has('e') ? [options.get('e') ?? '', ...operands] : operands;
  const ends =
    paths.length === 0
      ? [printed(call.input)]
      : paths.map((path) => readOr({ ...call, name: 'grep' }, path, (text) => text));
  const { stdout, stderr, code } = joined(ends);
  const matches = matcher(pattern, options);
  const found = linesOf(stdout).filter((line) => matches(line) !== options.has('v'));
  const output = options.has('c') ? `${found.length}\n` : found.map((line) => `${line}\n`).join('');
  return { code: code !== 0 ? 2 : found.length > 0 ? 0 : 1, stdout: options.has('q') ? '' : output, stderr };
};

function matcher(pattern: string, options: ReadonlyMap<string, string>): (line: string) => boolean {
  const fold = (text: string) => (options.has('i') ? text.toLowerCase() : text);
  if (options.has('F')) return (line) => fold(line).includes(fold(pattern));
  try {
    const expression = new RegExp(options.has('w') ? `\\b(?:${pattern})\\b` : pattern, options.has('i') ? 'i' : '');
    return (line) => expression.test(line);
  } catch {
    return (line) => line.includes(pattern);
  }
}

export const echo: Program = ({ args }) => printed(args[0] === '-n' ? args.slice(1).join(' ') : `${args.join(' ')}\n`);

export const succeed: Program = () => printed();

export const endWithOne: Program = () => failed(1, '');

export const sleep: Program = async ({ args, server, signal }) => {
  const seconds = Number(args[0]);
  if (Number.isNaN(seconds)) return failed(1, `sleep: invalid time interval ‘${args[0] ?? ''}'`);
  await server.clock.sleep(seconds, signal);
  return printed();
};
