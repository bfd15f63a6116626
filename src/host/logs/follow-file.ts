// A log file's new lines, through rotation: by rename, by copying and truncating, and when the file appears only later.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../host.ts';
import { followOnce } from './follow-again.ts';
import { createQueue, type Queue } from './line-queue.ts';
import { readCopy } from './read-copy.ts';

/** Which file it was (device and inode) and its size in bytes; null while there is none. */
export type FileMark = { readonly identity: string; readonly size: number } | null;

const LOOK_EVERY = 500;
/** A daemon goes on writing to the renamed file until it is told to open the new one. */
const OLD_FILE_LIVES = 60_000;
/** More than a busy server writes between a truncation and the look that finds it. */
const REMEMBERED = 5000;

/** What the name stands for now. */
export async function markFile(host: Host, path: string): Promise<FileMark> {
  const { code, stdout } = await host.run(['stat', '-L', '-c', '%d:%i %s', path]);
  const [identity, size] = stdout.trim().split(' ');
  return code === 0 && identity !== undefined ? { identity, size: Number(size) } : null;
}

/**
 * The lines written after the mark. `tail -F` would leave a renamed file at once and lose what the daemon still writes
 * there; so each file is followed for itself, and looking at the name tells when a new one is there. Of a file that was
 * truncated before it was read to its end, the rest is taken from the copy; what came after the copy was made is lost to all.
 */
export async function* followFile(
  host: Host,
  path: string,
  mark: FileMark,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const queue = createQueue<string>();
  signal.addEventListener('abort', queue.end, { once: true });
  keepFollowing(host, path, mark, signal, queue).catch(queue.fail);
  yield* queue.items;
}

async function keepFollowing(
  host: Host,
  path: string,
  mark: FileMark,
  signal: AbortSignal,
  queue: Queue<string>,
): Promise<void> {
  let file = mark;
  let tail = mark === null ? null : startTail(host, path, mark.size, signal, queue);
  while (!signal.aborted) {
    await sleep(LOOK_EVERY, null, { signal, ref: false }).catch(() => null);
    const found = await markFile(host, path);
    if (found === null || signal.aborted) continue;
    if (found.identity !== file?.identity) {
      setTimeout(tail?.stop ?? (() => {}), OLD_FILE_LIVES).unref();
      tail = startTail(host, path, 0, signal, queue);
    } else if (found.size < file.size) await tail?.fillHole();
    file = found;
  }
}

/** `fillHole` is called after the file was truncated. */
type Tail = { stop(): void; fillHole(): Promise<void> };

/** Follows the file that has this name now, under whatever name it goes on living. */
function startTail(host: Host, path: string, size: number, signal: AbortSignal, { put, fail }: Queue<string>): Tail {
  const own = new AbortController();
  const told = createMemory(REMEMBERED);
  let start = size;
  const read = async () => {
    const command = ['tail', '-c', `+${size + 1}`, '-f', path] as const;
    for await (const line of followOnce(host, command, AbortSignal.any([signal, own.signal]))) {
      told.add(line);
      await put(line);
    }
  };
  read().catch(fail);
  return {
    stop: () => own.abort(),
    async fillHole() {
      const lines = await readCopy(host, path, start);
      start = 0;
      for (const line of lines.slice(lines.findLastIndex((line) => told.has(line)) + 1)) await put(line);
    },
  };
}

/** The lines that were added last, so many at most. */
function createMemory(limit: number) {
  const lines = new Set<string>();
  return {
    has: (line: string) => lines.has(line),
    add(line: string) {
      lines.add(line);
      const [oldest] = lines;
      if (lines.size > limit && oldest !== undefined) lines.delete(oldest);
    },
  };
}
