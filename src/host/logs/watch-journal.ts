// Tells of new entries in the journal before journald does: it lets its readers wait for 250 to 500 ms, though the entries can be read at once.

import type { Command, Host } from '../host.ts';
import { followOnce } from './follow-again.ts';

/**
 * Looks at the heads of the journal's open files, where each new entry changes a counter, by the shell's own means alone:
 * no process is started for a look or for the wait between two. `read` leaves out NUL bytes; so many others reach beyond
 * the counters (https://systemd.io/JOURNAL_FILE_FORMAT/#header). A pipe that nobody writes to is what it waits for.
 */
const WATCH: Command = [
  'bash',
  '-c',
  `read -r machine </etc/machine-id
exec 9<> <(:)
declare -A seen
while :; do
  for file in {/run,/var}/log/journal/"$machine"/system.journal; do
    [[ -r $file ]] && IFS= read -r -d '' -N 128 head <"$file" && [[ $head != "\${seen[$file]-}" ]] || continue
    seen[$file]=$head
    echo "$file"
  done
  read -rt 0.05 -u 9
done`,
];

/** Paths of journal files, each time one has got entries (and once at first); none where there is no bash or no right to read. */
export function watchJournal(host: Host, signal: AbortSignal): AsyncGenerator<string> {
  return followOnce(host, WATCH, signal);
}
