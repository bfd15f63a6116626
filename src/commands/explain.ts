// `lo-doctor explain`: a log line, field by field, or a stream of lines as documents.

import { describeEntry } from '../log/conversations/describe-entry.ts';
import { judgeEntry } from '../log/conversations/judge-entry.ts';
import { readLines } from '../log/files/read-lines.ts';
import type { Entry, EntryLine, EntryPacket, LogLine } from '../log/packet/entry.ts';
import { parseLine } from '../log/packet/parse-line.ts';
import { EXIT } from '../options/exit-codes.ts';
import { markEntry } from '../words/entry-line.ts';
import { type Block, gap, span, type Tone, text } from '../words/page.ts';
import type { Io } from './io.ts';
import { printBlocks } from './print-blocks.ts';

/** `line` is null or `-` to read many lines from standard input. */
export type ExplainOptions = { line: string | null; json: boolean };

type ExplainIo = Pick<Io, 'stdout' | 'stderr' | 'stdin' | 'color' | 'columns' | 'now'>;

const NO_ENTRY = 'This is no netfilter line: it has no IN=… OUT=… with a packet behind it.';

/** Explains; resolves to the exit code. */
export async function runExplain({ line, json }: ExplainOptions, io: ExplainIo): Promise<number> {
  if (line === null || line === '-') await (json ? printDocuments(io) : printStream(io));
  else if (json) io.stdout(`${printDocument(line, io.now())}\n`);
  else io.stdout(printBlocks(explainLine(parseLine(line, { now: io.now() })), io));
  return EXIT.done;
}

async function printDocuments({ stdin, stdout, now }: ExplainIo): Promise<void> {
  for await (const lines of readLines(stdin)) {
    if (lines.length > 0) stdout(lines.map((line) => `${printDocument(line, now())}\n`).join(''));
  }
}

/** One entry in a stream is read out in full; of several, each gets a title and a verdict. */
async function printStream(io: ExplainIo): Promise<void> {
  let first: EntryLine | null = null;
  let total = 0;
  let entries = 0;
  const brief = (line: EntryLine): void => io.stdout(printBlocks([...summarize(line), gap], io));
  for await (const lines of readLines(io.stdin)) {
    for (const text of lines) {
      total++;
      const line = parseLine(text, { now: io.now() });
      if (!isEntryLine(line)) continue;
      entries++;
      if (entries === 1) first = line;
      else {
        if (first) brief(first);
        first = null;
        brief(line);
      }
    }
  }
  if (first) io.stdout(printBlocks(explainLine(first), io));
  io.stderr(`${entries} of ${total} lines ${entries === 1 ? 'is a netfilter line' : 'are netfilter lines'}.\n`);
}

const isEntryLine = (line: LogLine): line is EntryLine => line.entry !== null;

const TONES: Record<ReturnType<typeof judgeEntry>['loopbackDrop'], Tone> = { drop: 'bad', maybe: 'warn', no: 'good' };

function summarize(line: EntryLine): Block[] {
  const { title, sentences, loopbackDrop } = judgeEntry(line.entry);
  return [
    { kind: 'code', lines: [markEntry(line)] },
    text(span(TONES[loopbackDrop], title)),
    { kind: 'list', items: sentences },
  ];
}

/** The whole reading of a line, as blocks. */
function explainLine(line: LogLine): Block[] {
  if (!isEntryLine(line)) return [text(NO_ENTRY)];
  const rows = describeEntry(line).map(
    ({ field, meaning, telling, embedded }) =>
      [
        `${telling ? '>' : ' '} ${embedded ? '[ ' : ''}${field}`,
        telling ? [span('strong', meaning)] : meaning,
      ] as const,
  );
  return [...summarize(line), gap, { kind: 'facts', rows: [...headRows(line), ...rows] }];
}

function headRows({ entry, repeated, uptime }: EntryLine): (readonly [string, string])[] {
  const rows: (readonly [string, string | null])[] = [
    ['  time', entry.time],
    ['  host', entry.host && `${entry.host}: the machine that wrote the line`],
    ['  uptime', uptime === null ? null : `${uptime} seconds after the machine booted, by the kernel's clock`],
    ['  repeated', repeated > 1 ? `the line stands for ${repeated} packets` : null],
    ['  prefix', entry.prefix && `"${entry.prefix}": what the rule writes before the packet`],
  ];
  return rows.flatMap(([label, value]) => (value === null ? [] : [[label, value] as const]));
}

/** One line of JSON (docs/contract.md, lo-doctor.entry/1). */
function printDocument(line: string, now: Date): string {
  const { entry } = parseLine(line, { now });
  return JSON.stringify({ schema: 'lo-doctor.entry/1', line, entry: entry && toDocument(entry) });
}

function toDocument({ spans: _spans, ...entry }: Entry): object {
  const { time, host, prefix, in: input, out, src, dst, len, proto, spt, dpt, ttl, id, flags, ...rest } = entry;
  const { uid, gid, mark, mac, physin, physout, type, code, embedded, ...others } = rest;
  const start = { time, host, prefix, in: input, out, src, dst, len, proto, spt, dpt, ttl, id, flags };
  return {
    ...start,
    uid,
    gid,
    mark,
    mac,
    physin,
    physout,
    type,
    code,
    embedded: embedded && packetDocument(embedded),
    ...others,
  };
}

const NOT_EMBEDDED = { uid: null, gid: null, mark: null, mac: null, physin: null, physout: null } as const;

/** The packet in brackets has the same fields, those of the line around it empty. */
const packetDocument = (packet: EntryPacket): object => ({ ...packet, ...NOT_EMBEDDED });
