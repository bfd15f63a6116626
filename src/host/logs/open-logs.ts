// All live log sources as one stream: marked at once, then every line newer than the mark, from each source.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../host.ts';
import { followFile, markFile } from './follow-file.ts';
import { followJournal, markJournal } from './follow-journal.ts';
import { followKernelLog, type KernelRecord, markKernelLog } from './follow-kernel-log.ts';
import { createQueue } from './line-queue.ts';
import type { LogSource } from './log-source.ts';

/**
 * A line as its source has it: of a file as it stands there, of the journal its JSON, of the kernel's log as dmesg prints it.
 * `source` is the source's id; `receivedAt` this process's clock (milliseconds, as Date.now).
 */
export type RawLine = { readonly source: string; readonly line: string; readonly receivedAt: number };

/** Open logs: the same packet stands in it once for each source that has it. */
export type OpenLogs = {
  readonly lines: AsyncIterable<RawLine>;
  /**
   * Ends the lines and all that was started for them. What was logged before the call still comes; resolves when it has.
   * Safe to call twice.
   */
  stop(): Promise<void>;
};

/** The longest way of a line from where it is written to here, as a rule: through a daemon that is awake, tail and a pipe. */
const ON_ITS_WAY = 100;
/** What is still in hand when nothing new is taken any more; a reader that has gone must not hold up the end. Nothing else may keep the process alive meanwhile. */
const IN_HAND = 1000;

type Marked = (signal: AbortSignal) => AsyncIterable<string>;

/** Marks all sources, then resolves: what the kernel logs from now on will come, and nothing that it logged before. */
export async function openLogs(host: Host, sources: readonly LogSource[]): Promise<OpenLogs> {
  const [newest, ...marked] = await Promise.all([
    markKernelLog(host),
    ...sources.map(async (source) => ({ id: source.id, follow: await markSource(host, source) })),
  ]);
  const queue = createQueue<RawLine>();
  const controller = new AbortController();
  // A source that breaks must not look like one that is silent: whoever reads the lines is told.
  const pouring = marked.flatMap(({ id, follow }) =>
    follow === null ? [] : [pour(id, follow(controller.signal)).catch(queue.fail)],
  );
  let ending: Promise<void> | null = null;

  async function pour(source: string, lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      if (isOlder(line, newest)) continue;
      await queue.put({ source, line, receivedAt: Date.now() });
    }
  }

  async function end(): Promise<void> {
    await sleep(ON_ITS_WAY);
    controller.abort();
    await Promise.race([Promise.all(pouring), sleep(IN_HAND)]);
    queue.end();
  }

  return {
    lines: queue.items,
    stop() {
      ending ??= end();
      return ending;
    },
  };
}

async function markSource(host: Host, source: LogSource): Promise<Marked | null> {
  switch (source.kind) {
    case 'file': {
      const mark = await markFile(host, source.path);
      return (signal) => followFile(host, source.path, mark, signal);
    }
    case 'journal': {
      const mark = await markJournal(host);
      return mark === null ? null : (signal) => followJournal(host, mark, signal);
    }
    case 'kernel': {
      const mark = await markKernelLog(host);
      return mark === null ? null : (signal) => followKernelLog(host, mark, signal);
    }
  }
}

/** A daemon may write down late what the kernel logged before the mark; the kernel's own time in the line tells. */
function isOlder(line: string, newest: KernelRecord | null): boolean {
  const uptime = newest === null ? null : parseUptime(line);
  return newest !== null && uptime !== null && uptime <= newest.uptime;
}

/** Seconds: `… web1 kernel: [  123.456789] IN= …`, `[  123.456789] IN= …`, `{…"_SOURCE_MONOTONIC_TIMESTAMP":"123456789"…}`. */
function parseUptime(line: string): number | null {
  const journal = /^\{.*"_SOURCE_MONOTONIC_TIMESTAMP":"(\d+)"/.exec(line);
  if (journal !== null) return Number(journal[1]) / 1e6;
  const kernel = /^(?:[^[]*\bkernel: )?\[ *(\d+\.\d{6})\] /.exec(line);
  return kernel === null ? null : Number(kernel[1]);
}
