// `lo-doctor logs`.
import { runLogs } from '../commands/logs.ts';
import { finishAtOnce, openIo, progressIo } from '../process.ts';
import { readFlags } from './read-flags.ts';

const OPTIONS = { since: { type: 'string' }, json: { type: 'boolean' } } as const;

/** Runs it where every flag is as it should be; null otherwise. */
export function run(args: string[]): Promise<void> | null {
  const flags = readFlags(args, OPTIONS);
  if (flags === null) return null;
  const { since = null, json = false } = flags.values;
  return runLogs({ files: flags.positionals, since, json }, { ...openIo(true), ...progressIo() }).then(finishAtOnce);
}
