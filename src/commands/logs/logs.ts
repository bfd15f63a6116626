// `lo-doctor logs`: what the firewall logged so far, grouped by conversation.

import { HostError, printHostError, printTrouble } from '../../host/host.ts';
import { findUsualLogs, type LogInput, openLogFile } from '../../host/logs/read-log-file.ts';
import type { LogSummary } from '../../log/count/count-state.ts';
import { createLogCounter, type LogCounter } from '../../log/count/log-counter.ts';
import type { LogGroup } from '../../log/count/log-groups.ts';
import { orderLogFiles } from '../../log/files/order-log-files.ts';
import { parseSince } from '../../log/files/parse-since.ts';
import { EXIT } from '../../options/exit-codes.ts';
import type { Io } from '../io.ts';
import { printBlocks } from '../print-blocks.ts';
import { printLogSummary } from './print-log-summary.ts';

/** Without files the usual places are read; `-` is standard input. */
export type LogsOptions = { files: readonly string[]; since: string | null; json: boolean };

export type LogsIo = Pick<Io, 'stdout' | 'stderr' | 'stdin' | 'color' | 'columns' | 'unicode' | 'now'> & {
  /** Standard error is a terminal: a progress bar may be drawn on it. */
  showsProgress: boolean;
};

/** Reads and summarizes; resolves to the exit code: 2 for a --since that is no time, 3 where something can't be read. */
export async function runLogs(options: LogsOptions, io: LogsIo): Promise<number> {
  const since = options.since === null ? null : parseSince(options.since, io.now());
  if (since === null && options.since !== null) {
    io.stderr(
      printTrouble(`"${options.since}" is no time. Write 2026-06-20, "2026-06-20 18:11", 18:11, 2h or yesterday.`),
    );
    return EXIT.usage;
  }
  const counter = createLogCounter({ since, lines: options.json });
  const read = options.files.length > 0 ? await readNamed(options.files, counter, io) : await readUsual(counter, io);
  if (read.names.length === 0) return EXIT.couldNot;
  if (options.json) io.stdout(`${JSON.stringify(toDocument(counter.summary, read.names))}\n`);
  else io.stdout(printBlocks(printLogSummary(counter.summary, read.names, { unicode: io.unicode, since }), io));
  return read.failed ? EXIT.couldNot : EXIT.done;
}

/** The names of what was read, and whether something could not be. */
type Read = { names: string[]; failed: boolean };

async function readNamed(paths: readonly string[], counter: LogCounter, io: LogsIo): Promise<Read> {
  const read: Read = { names: [], failed: false };
  for (const path of orderLogFiles(paths)) {
    try {
      await count(path === '-' ? standardInput(io) : await openLogFile(path), counter, io);
      read.names.push(path);
    } catch (error) {
      tellFailure(error, io);
      read.failed = true;
    }
  }
  return read;
}

/** Looks into one place after the other, until one has entries. */
async function readUsual(counter: LogCounter, io: LogsIo): Promise<Read> {
  const read: Read = { names: [], failed: false };
  for (const openPlace of await findUsualLogs()) {
    try {
      for (const input of await openPlace()) {
        await count(input, counter, io);
        read.names.push(input.name);
      }
    } catch (error) {
      tellFailure(error, io);
    }
    if (counter.summary.entries > 0) break;
  }
  return read;
}

const standardInput = (io: LogsIo): LogInput => ({
  name: '-',
  size: null,
  modified: io.now(),
  position: () => 0,
  async *chunks() {
    for await (const chunk of io.stdin) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  },
});

function tellFailure(error: unknown, { stderr }: LogsIo): void {
  if (!(error instanceof HostError)) throw error;
  stderr(printHostError(error));
}

async function count(input: LogInput, counter: LogCounter, io: LogsIo): Promise<void> {
  const progress = createProgress(input, io);
  counter.startFile(input.modified);
  try {
    for await (const chunk of input.chunks()) {
      counter.push(chunk);
      progress.update();
    }
  } finally {
    counter.endFile();
    progress.clear();
  }
}

const BAR = 20;
const EVERY_MS = 100;

/** A bar on standard error while a file takes its time; nothing where that is no terminal. */
function createProgress({ name, size, position }: LogInput, { stderr, showsProgress, now, columns }: LogsIo) {
  let shown = now().getTime();
  let drawn = false;
  return {
    update() {
      const time = now().getTime();
      if (!showsProgress || time - shown < EVERY_MS) return;
      shown = time;
      drawn = true;
      const share = size === null || size === 0 ? null : Math.min(1, position() / size);
      const bar =
        share === null ? '' : `[${'#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.')}] ${Math.floor(share * 100)} % `;
      stderr(`\r${`${bar}${name}`.slice(0, columns - 1)}\x1b[K`);
    },
    clear() {
      if (drawn) stderr('\r\x1b[K');
    },
  };
}

const rfc3339 = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());

function toDocument(summary: LogSummary, files: readonly string[]): object {
  const { bytes, lines, entries, first, last } = summary;
  const groups = summary.groups.toSorted((a, b) => b.count - a.count).map(toGroupDocument);
  return {
    schema: 'lo-doctor.logs/1',
    files,
    bytes,
    lines,
    entries,
    first: rfc3339(first),
    last: rfc3339(last),
    groups,
  };
}

function toGroupDocument(group: LogGroup): object {
  const { loopback, out, in: input, proto, dst, service, port, prefix, count, first, last } = group;
  const { requests, replies, errors } = group;
  const names = { loopback, out, in: input, proto, dst, service, port, prefix, count };
  return { ...names, first: rfc3339(first), last: rfc3339(last), requests, replies, errors };
}
