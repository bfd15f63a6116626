// The shell of the practice server: command lines with quotes, pipes, lists and redirections, and the scripts of a case.
import {
  type Pipeline,
  parseCommandLine,
  type Redirection,
  type SimpleCommand,
  type Word,
} from '../parse-command-line.ts';
import { type Call, type Ended, failed, joined, type Program, pathOf, printed } from '../program.ts';
import { runCaseScript } from './case-scripts.ts';
import { openDevice } from './dev-tcp.ts';
import { runKnownScript } from './known-scripts.ts';

/** `sh -c TEXT [NAME ARGUMENT…]` and `sh FILE [ARGUMENT…]`. */
export const sh: Program = async (call) => {
  const [first = '', text = '', ...parameters] = call.args;
  if (first === '-c') return runText(call, text, parameters);
  const script = runCaseScript(call.server, pathOf(call, first), call.args.slice(1));
  return script ?? failed(127, `${call.name}: 0: cannot open ${first}: No such file`);
};

async function runText(call: Call, text: string, parameters: readonly string[]): Promise<Ended> {
  const known =
    runKnownScript(call, text, parameters) ?? (call.name === 'bash' ? openDevice(call, text, parameters) : null);
  if (known !== null) return known;
  const lookup = (name: string) => (/^\d$/.test(name) ? parameters[Number(name)] : VARIABLES[name]) ?? '';
  const parsed = parseCommandLine(text, lookup);
  if (typeof parsed === 'string') return failed(2, `${call.name}: 1: ${parsed}`);
  const ends: Ended[] = [];
  let { directory } = call;
  let code = 0;
  for (const pipeline of parsed) {
    if ((pipeline.when === '&&' && code !== 0) || (pipeline.when === '||' && code === 0)) continue;
    const moved = changeDirectory({ ...call, directory }, pipeline);
    const ended = moved === null ? await runPipeline({ ...call, directory }, pipeline) : moved.ended;
    directory = moved?.directory ?? directory;
    code = ended.code;
    ends.push(ended);
  }
  return { ...joined(ends), code };
}

const VARIABLES: Readonly<Record<string, string>> = {
  HOME: '/root',
  USER: 'root',
  PWD: '/root',
  SHELL: '/bin/bash',
  '?': '0',
  $: '20000',
};

/** `cd PATH` is the shell's own; null for all else. */
function changeDirectory(call: Call, { commands }: Pipeline): { directory: string; ended: Ended } | null {
  const [only, more] = commands;
  if (more !== undefined || only?.words[0]?.text !== 'cd') return null;
  const target = only.words[1]?.text ?? '/root';
  const path = pathOf(call, target);
  if (call.server.files.node(path)?.kind === 'directory') return { directory: path, ended: printed() };
  return { directory: call.directory, ended: failed(2, `${call.name}: 1: cd: can't cd to ${target}`) };
}

async function runPipeline(call: Call, { commands }: Pipeline): Promise<Ended> {
  let input = call.input;
  let stderr = '';
  let last = printed();
  for (const command of commands) {
    last = await runSimple(call, command, input);
    input = last.stdout;
    stderr += last.stderr;
  }
  return { ...last, stderr };
}

async function runSimple(call: Call, { words, redirections }: SimpleCommand, input: string): Promise<Ended> {
  const from = redirections.find(({ to }) => to === 'input');
  const text = from === undefined ? input : call.server.files.read(pathOf(call, from.path));
  if (text === null) return failed(2, `${call.name}: 1: cannot open ${from?.path}: No such file`);
  const [program, ...args] = words.flatMap((word) => expand(call, word));
  if (program === undefined) return printed();
  const options = { input: text, signal: call.signal, uid: call.uid, directory: call.directory, timeout: 600_000 };
  const { code, stdout, stderr } = await call.server.run([program, ...args], options);
  return redirections.reduce((ended, one) => redirect(call, one, ended), { code: code ?? 143, stdout, stderr });
}

/** The paths that a pattern stands for, written as the pattern was; none: the pattern itself. */
function expand(call: Call, { text, isPattern }: Word): string[] {
  const found = isPattern ? call.server.files.find(pathOf(call, text)) : [];
  if (found.length === 0) return [text];
  return found.map((path) => (text.startsWith('/') ? path : path.slice(pathOf(call, '').length)));
}

function redirect(call: Call, { to, path, append }: Redirection, ended: Ended): Ended {
  if (to === 'input') return ended;
  if (to === 'stderr' && path === '&1') return { ...ended, stdout: ended.stdout + ended.stderr, stderr: '' };
  if (to === 'stdout' && path === '&2') return { ...ended, stdout: '', stderr: ended.stderr + ended.stdout };
  const { files } = call.server;
  const written = to === 'stdout' ? ended.stdout : ended.stderr;
  const done = path === '/dev/null' || (append ? files.append : files.write)(pathOf(call, path), written);
  if (!done) return failed(2, `${call.name}: 1: cannot create ${path}: Directory nonexistent`);
  return { ...ended, [to]: '' };
}
