// The journal's kernel lines that are newer than a mark. Its cursor is exact, also across a restart of journald.
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Command, Host } from '../host.ts';
import { followAgain } from './follow-again.ts';
import { createQueue } from './line-queue.ts';
import { watchJournal } from './watch-journal.ts';

/** The cursor of the kernel's newest entry; null where the journal has none of the kernel yet. */
export type JournalMark = { readonly cursor: string | null };

const KERNEL = '_TRANSPORT=kernel';
/** Between two looks ahead: they take some hundredths of a processor at most, also while the journal never rests. */
const REST = 100;

const record = z.object({ __CURSOR: z.string() });

/** What the journal has of the kernel now; null where there is no journal to read. */
export async function markJournal(host: Host): Promise<JournalMark | null> {
  const newest = async (...matches: string[]) => {
    const { stdout } = await host.run(['journalctl', '-q', '-n', '1', '-o', 'json', ...matches]);
    return parseCursor(stdout);
  };
  const cursor = await newest(KERNEL);
  return cursor !== null || (await newest()) !== null ? { cursor } : null;
}

/**
 * The kernel's entries after the mark as they come, each as the journal's JSON. `journalctl -f` has all of them, late;
 * what a look into a file that was just written to has is told ahead of it.
 */
export async function* followJournal(host: Host, mark: JournalMark, signal: AbortSignal): AsyncGenerator<string> {
  const queue = createQueue<string>();
  signal.addEventListener('abort', queue.end, { once: true });
  const told = createTold(mark.cursor);
  keepFollowing().catch(queue.fail);
  keepReadingAhead().catch(queue.fail);
  yield* queue.items;

  async function keepFollowing(): Promise<void> {
    const command = () => readAfter(told.cursor(), '-f', '--no-tail');
    for await (const line of followAgain(host, command, signal)) {
      const cursor = parseCursor(line);
      if (cursor !== null && told.isNew(cursor)) await queue.put(line);
    }
  }

  async function keepReadingAhead(): Promise<void> {
    const written = new Set<string>();
    let isReading = false;
    for await (const file of watchJournal(host, signal)) {
      written.add(file);
      if (isReading) continue;
      isReading = true;
      readAll(written)
        .then(() => {
          isReading = false;
        })
        .catch(queue.fail);
    }
  }

  /** A file that is written to meanwhile comes into the set, and so into the loop, anew. */
  async function readAll(files: Set<string>): Promise<void> {
    for (const file of files) {
      files.delete(file);
      await readAhead(file);
      await sleep(REST, null, { signal, ref: false }).catch(() => null);
    }
  }

  async function readAhead(file: string): Promise<void> {
    told.beginAhead();
    const { stdout } = await host.run(readAfter(told.cursor(), `--file=${file}`), { signal });
    for (const line of stdout.split('\n')) {
      const cursor = parseCursor(line);
      if (cursor !== null && told.isNewAhead(cursor)) await queue.put(line);
    }
    told.endAhead();
  }
}

/** `--after-cursor` would skip the first match of all where the cursor's own entry is gone (journalctl before 254). */
function readAfter(cursor: string | null, ...options: string[]): Command {
  return ['journalctl', '-q', '-o', 'json', ...options, ...(cursor === null ? [] : [`--cursor=${cursor}`]), KERNEL];
}

/** Keeps apart what each of two readers of the same entries has told, so that no entry is told twice. */
function createTold(mark: string | null) {
  let cursor = mark;
  const ahead = new Set<string>();
  let meanwhile: Set<string> | null = null;
  return {
    /** The newest entry that came by following, or the mark: all older ones are told. */
    cursor: () => cursor,
    isNew(found: string): boolean {
      const entry = identify(found);
      if (cursor !== null && entry === identify(cursor)) return false;
      cursor = found;
      meanwhile?.add(entry);
      return !ahead.delete(entry);
    },
    beginAhead() {
      meanwhile = new Set(cursor === null ? [] : [identify(cursor)]);
    },
    isNewAhead(found: string): boolean {
      const entry = identify(found);
      if (ahead.has(entry) || meanwhile?.has(entry)) return false;
      ahead.add(entry);
      return true;
    },
    endAhead() {
      meanwhile = null;
    },
  };
}

/** Boot, times and hash of an entry: what stays when journald moves it from /run to /var, where its file and number are others. */
function identify(cursor: string): string {
  return cursor.slice(cursor.indexOf(';b='));
}

/** `{"__CURSOR":"s=e32d…;i=21f;b=6646…;m=83bb96f7;t=660e…;x=ecee…","MESSAGE":"IN= OUT=lo …",…}` */
function parseCursor(text: string): string | null {
  try {
    return record.parse(JSON.parse(text)).__CURSOR;
  } catch {
    return null;
  }
}
