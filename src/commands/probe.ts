// `lo-doctor check --format …`: one look, told to another program.

import { ParseError } from '../firewall/model/parse-error.ts';
import { HostError, printHostError } from '../host/host.ts';
import { EXIT } from '../options/exit-codes.ts';
import { githubLines } from '../probe/github.ts';
import { type NamedDump, readDumpText } from '../probe/locate-rule.ts';
import { nagiosLine } from '../probe/nagios.ts';
import { prometheusText } from '../probe/prometheus.ts';
import { sarifText } from '../probe/sarif.ts';
import { PROBE_EXITS, type ProbeLook, stateOf, type Trouble } from '../probe/state.ts';
import type { DumpFile } from '../work/read-dumps.ts';
import { type CheckSeams, exitCode, lookAt } from './check.ts';
import type { Io } from './io.ts';

export type ProbeFormat = 'nagios' | 'prometheus' | 'github' | 'sarif';

/** `output`: the file for the text instead of standard output; `quiet`: nothing at all where all is well. */
export type ProbeOptions = {
  readonly rules: readonly DumpFile[];
  readonly format: ProbeFormat;
  readonly output: string | null;
  readonly quiet: boolean;
  readonly version: string;
};

/** `writeOutput` throws a HostError. */
export type ProbeSeams = CheckSeams & { readonly writeOutput: (path: string, text: string) => void };

/**
 * Looks and prints; resolves with the exit code, which for nagios is a daemon's own. Whatever goes wrong is told in the format too: a daemon
 * reads nothing else.
 */
export const runProbe = async (io: Io, options: ProbeOptions, seams: ProbeSeams): Promise<number> => {
  const readFile = onceEach(seams.readFile);
  const look = await lookOnce(options, { ...seams, readFile });
  if (options.quiet && look.exitCode === EXIT.done) return EXIT.done;
  const text = print(look, options, io, dumpTexts(look, options, readFile));
  const code = options.format === 'nagios' ? PROBE_EXITS[stateOf(look)] : look.exitCode;
  if ('trouble' in look && options.format !== 'nagios')
    io.stderr(printHostError(new HostError(look.trouble.message, look.trouble)));
  if (options.output === null) {
    io.stdout(text);
    return code;
  }
  try {
    seams.writeOutput(options.output, text);
    return code;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    io.stderr(printHostError(error));
    return EXIT.couldNot;
  }
};

const print = (look: ProbeLook, { format, version }: ProbeOptions, io: Io, dumps: readonly NamedDump[]): string => {
  switch (format) {
    case 'nagios':
      return nagiosLine(look);
    case 'prometheus':
      return prometheusText(look, io.now());
    case 'github':
      return githubLines(look, dumps);
    case 'sarif':
      return sarifText(look, dumps, version);
  }
};

const lookOnce = async (options: ProbeOptions, seams: CheckSeams): Promise<ProbeLook> => {
  try {
    const inspection = await lookAt(options.rules, seams);
    return { inspection, exitCode: exitCode(inspection) };
  } catch (error) {
    return { trouble: toTrouble(error, options.rules), exitCode: EXIT.couldNot };
  }
};

const toTrouble = (error: unknown, rules: readonly DumpFile[]): Trouble => {
  if (error instanceof ParseError) {
    const line = error.line > 0 ? error.line : null;
    return { message: error.message, nextSteps: [], place: { file: error.file, line } };
  }
  const place = rules.length === 1 && rules[0] !== undefined ? { file: rules[0].path, line: null } : null;
  // By name: the parts of the bundle each have a class of their own.
  if (error instanceof Error && error.name === 'HostError') {
    const nextSteps = error instanceof HostError ? error.nextSteps : [];
    return { message: error.message, nextSteps, place };
  }
  const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { message: `a defect of lo-doctor: ${told}`, nextSteps: ['Please report it.'], place: null };
};

/** Standard input can be read once. */
const onceEach = (readFile: (path: string) => string) => {
  const read = new Map<string, string>();
  return (path: string): string => {
    const text = read.get(path) ?? readFile(path);
    read.set(path, text);
    return text;
  };
};

const dumpTexts = (
  look: ProbeLook,
  { rules, format }: ProbeOptions,
  readFile: (path: string) => string,
): NamedDump[] =>
  'trouble' in look || format === 'nagios' || format === 'prometheus'
    ? []
    : rules.map(({ path, family }) => readDumpText(path, family, readFile(path)));
