// The thread that empties /dev/kmsg all the time. Asked with a key, it answers with that key's lines.
import { constants, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

export type Taken = { readonly lines: readonly string[]; readonly losses: number };

const file = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK);
const record = Buffer.alloc(8192);
const pattern: RegExp = workerData;
const lines = new Map<string, string[]>();
let losses = 0;

/** The next line, or null when there is none yet. A record looks like `4,341,836861724,-;lf3k1 IN= OUT=lo SRC=127.0.0.1 …\n`. */
function nextLine(): string | null {
  for (;;) {
    try {
      const text = record.toString('latin1', 0, readSync(file, record));
      return text.slice(text.indexOf(';') + 1, text.indexOf('\n'));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code === 'EAGAIN') return null;
      // The kernel says EPIPE once where it has overwritten what was not read yet.
      if (code !== 'EPIPE') throw error;
      losses++;
    }
  }
}

function drain(): void {
  for (let line = nextLine(); line !== null; line = nextLine()) {
    const key = pattern.exec(line)?.[1];
    if (key === undefined) continue;
    const known = lines.get(key);
    if (known === undefined) lines.set(key, [line]);
    else known.push(line);
  }
}

drain();
lines.clear();
losses = 0;
setInterval(drain, 1);
parentPort?.on('message', (key: string) => {
  drain();
  parentPort?.postMessage({ lines: lines.get(key) ?? [], losses } satisfies Taken);
  lines.delete(key);
});
parentPort?.postMessage('open');
