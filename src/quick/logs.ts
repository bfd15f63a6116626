// `lo-doctor logs`.
import { runLogs } from '../commands/logs/logs.ts';
import { COMMANDS } from '../options/commands.ts';
import { readQuickly } from '../options/read-quickly.ts';
import { finishAtOnce, openIo, progressIo } from '../process.ts';

/** Runs it where every flag is as it should be; null otherwise. */
export function run(args: string[]): Promise<void> | null {
  const said = readQuickly(COMMANDS.logs, args);
  if (said === null) return null;
  const options = { files: said.positionals, since: said.values.since, json: said.json };
  return runLogs(options, { ...openIo(true), ...progressIo() }).then(finishAtOnce);
}
