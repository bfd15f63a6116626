// A log file's new lines, through rotation: by rename, by copying and truncating, and when the file appears only later.
import { setTimeout as sleep } from 'node:timers/promises';
import { followOnce } from './follow-again.ts';
import type { Host } from './host.ts';
import { createQueue } from './line-queue.ts';

/** Which file it was (device and inode) and its size in bytes; null while there is none. */
export type FileMark = { readonly identity: string; readonly size: number } | null;

const LOOK_EVERY = 500;
/** A daemon goes on writing to the renamed file until it is told to open the new one. */
const OLD_FILE_LIVES = 60_000;

/** What the name stands for now. */
export async function markFile(host: Host, path: string): Promise<FileMark> {
  const { code, stdout } = await host.run(['stat', '-L', '-c', '%d:%i %s', path]);
  const [identity, size] = stdout.trim().split(' ');
  return code === 0 && identity !== undefined ? { identity, size: Number(size) } : null;
}

/**
 * The lines written after the mark. `tail -F` would leave a renamed file at once and lose what the daemon still writes
 * there; so each file is followed for itself, and looking at the name tells when a new one is there.
 */
export async function* followFile(
  host: Host,
  path: string,
  mark: FileMark,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const queue = createQueue<string>();
  signal.addEventListener('abort', queue.end, { once: true });
  void keepFollowing(host, path, mark, signal, queue.put);
  yield* queue.items;
}

async function keepFollowing(
  host: Host,
  path: string,
  mark: FileMark,
  signal: AbortSignal,
  put: (line: string) => Promise<void>,
): Promise<void> {
  let current = mark === null ? null : startTail(host, path, mark.size, signal, put);
  let identity = mark?.identity;
  while (!signal.aborted) {
    await sleep(LOOK_EVERY, null, { signal, ref: false }).catch(() => null);
    const found = await markFile(host, path);
    if (found === null || found.identity === identity || signal.aborted) continue;
    setTimeout(current ?? (() => {}), OLD_FILE_LIVES).unref();
    identity = found.identity;
    current = startTail(host, path, 0, signal, put);
  }
}

/** Follows the file that has this name now, under whatever name it goes on living; returns what ends that. */
function startTail(
  host: Host,
  path: string,
  size: number,
  signal: AbortSignal,
  put: (line: string) => Promise<void>,
): () => void {
  const own = new AbortController();
  const command = ['tail', '-c', `+${size + 1}`, '-f', path] as const;
  void (async () => {
    for await (const line of followOnce(host, command, AbortSignal.any([signal, own.signal]))) await put(line);
  })();
  return () => own.abort();
}
