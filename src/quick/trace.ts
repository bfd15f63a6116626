// `lo-doctor trace` on dumps.
import { runTrace } from '../commands/trace/trace.ts';
import { COMMANDS, dumpsOf } from '../options/commands.ts';
import { readQuickly } from '../options/read-quickly.ts';
import { finishAtOnce, openIo, readFile } from '../process.ts';

/** Runs it where dumps are given and every flag is as it should be; null otherwise. */
export function run(args: string[]): Promise<void> | null {
  const said = readQuickly(COMMANDS.trace, args);
  if (said === null) return null;
  const { proto: protocol, ...values } = said.values;
  const rules = dumpsOf(values);
  if (rules.length === 0) return null;
  const options = { ...values, protocol, rules, json: said.json };
  return runTrace(options, { io: openIo(false), readFile, openHost }).then(finishAtOnce);
}

const openHost = () => Promise.reject(new Error('a trace of dumps asks no server'));
