// Lines of one rule differ only in a few numbers. A template is learned from a line that the parser has read; a line that
// matches it has the same fields in the same places, so it need not be parsed again.

import { byteAt, skipDigits } from './bytes.ts';

/** Bytes, the first `length` of them in use, that can be read several at a time. */
export type ByteBlock = { bytes: Buffer; view: DataView; length: number };

/** A block over a buffer. */
export const toBlock = (bytes: Buffer): ByteBlock => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  length: bytes.length,
});

/** The parts of a line that a reader of a template asks for; the numbers are those of `Template.places`. */
const PLACES = ['SRC', 'DST', 'SPT', 'DPT'] as const;

/** The text of an address run in the line before; `version` is a number that no other text of this run has had. */
type AddressRun = ByteBlock & { version: number };

/** Literal bytes and variable runs in turn: literal 0, run 0, literal 1, run 1, …; it ends with a literal. */
export type Template<T> = {
  literals: ByteBlock[];
  /** Which bytes a run may hold: bits of `CLASSES`. */
  runs: Uint8Array;
  /** Which run is the first SRC=, DST=, SPT= and DPT=, or -1. */
  places: Int8Array;
  /** Where the runs of the line that matched last begin and end. */
  from: Int32Array;
  to: Int32Array;
  /** What address runs held in the line before, and how often that has changed. */
  values: AddressRun[];
  /** What the parser knows of all such lines. */
  known: T;
};

const DIGIT = 1;
const ADDRESS = 2;
const HEX = 4;
/** Spaces, digits, a point, digits. */
const UPTIME = 8;
/** No number of a packet is longer; a longer run is left to the parser. */
const LONGEST_RUN = 64;
const LONGEST_NUMBER = 10;

/** The classes that each byte belongs to. */
const CLASSES = Uint8Array.from({ length: 256 }, (_, code) => {
  const char = String.fromCharCode(code);
  const digit = /\d/.test(char) ? DIGIT | ADDRESS | HEX : 0;
  return digit | (/[a-fA-F:.]/.test(char) ? ADDRESS : 0) | (/[A-F]/.test(char) ? HEX : 0);
});

/** What varies in a packet: numbers, addresses, hardware addresses, options. No such run can hide another field. */
const RUNS: readonly (readonly [number, RegExp])[] = [
  [DIGIT, /(?<= (?:LEN|TTL|ID|SPT|DPT|SEQ|ACK|WINDOW|URGP|HOPLIMIT|FLOWLBL|UID|GID)=)\d{1,10}(?= |$)/g],
  [ADDRESS, /(?<= (?:SRC|DST|MAC)=)[\da-fA-F:.]{2,48}(?= |$)/g],
  [HEX, /(?<= OPT \()[\dA-F]{2,64}(?=\))/g],
];
const UPTIMES = /(?<=kernel: \[|^\[|^<\d>\[) *\d+\.\d+(?=\] )/g;

/**
 * The template of a line's text behind its time stamp; `anchor` is where its packet begins. Null where the line is not of
 * the usual kind: its variable runs are not all there, or follow each other too closely.
 */
export function createTemplate<T>(text: string, anchor: number, known: T): Template<T> | null {
  const packet = text.slice(anchor);
  const runs = [
    ...[...text.slice(0, anchor).matchAll(UPTIMES)].map(({ index, 0: run }) => ({ kind: UPTIME, from: index, run })),
    ...RUNS.flatMap(([kind, pattern]) =>
      [...packet.matchAll(pattern)].map(({ index, 0: run }) => ({ kind, from: anchor + index, run })),
    ),
  ].sort((a, b) => a.from - b.from);
  const ends = runs.map(({ from, run }) => from + run.length);
  const literals = [...runs.map(({ from }, i) => text.slice(ends[i - 1] ?? 0, from)), text.slice(ends.at(-1) ?? 0)];
  const places = PLACES.map((name) => literals.findIndex((literal) => literal.endsWith(` ${name}=`)));
  if (places[0] === -1 || places[1] === -1) return null;
  return {
    literals: literals.map((literal) => toBlock(Buffer.from(literal, 'latin1'))),
    runs: Uint8Array.from(runs, ({ kind }) => kind),
    places: Int8Array.from(places),
    from: new Int32Array(runs.length),
    to: new Int32Array(runs.length),
    values: runs.map(() => ({ ...toBlock(Buffer.alloc(LONGEST_RUN)), length: 0, version: 0 })),
    known,
  };
}

/** Where a line that begins (behind its time stamp) at `at` ends, if the template fits it up to a line end; else -1. */
export function matchTemplate<T>(template: Template<T>, block: ByteBlock, at: number, end: number): number {
  const { literals, runs, from, to, values } = template;
  let place = at;
  for (let i = 0; i < runs.length; i++) {
    const literal = literals[i];
    const value = values[i];
    if (literal === undefined || value === undefined || !isSame(literal, block, place, end)) return -1;
    place += literal.length;
    from[i] = place;
    const kind = runs[i] ?? 0;
    if (kind === ADDRESS) place = skipAddress(value, block, place, end);
    else if (kind === UPTIME) place = skipUptime(block.bytes, place, end);
    else place = skipClass(kind, block.bytes, place, Math.min(end, place + LONGEST_RUN));
    if (place === from[i]) return -1;
    to[i] = place;
  }
  const last = literals[runs.length];
  if (last === undefined || !isSame(last, block, place, end)) return -1;
  place += last.length;
  return place === end || byteAt(block.bytes, place) === 10 ? place : -1;
}

function skipClass(kind: number, bytes: Buffer, at: number, end: number): number {
  let place = at;
  while (place < end && ((CLASSES[bytes[place] ?? 0] ?? 0) & kind) !== 0) place++;
  return place;
}

/** Addresses repeat from line to line: most are known by comparing them with the one before. */
function skipAddress(value: AddressRun, block: ByteBlock, at: number, end: number): number {
  if (value.length > 0 && isSame(value, block, at, end)) {
    const place = at + value.length;
    if (place === end || ((CLASSES[block.bytes[place] ?? 0] ?? 0) & ADDRESS) === 0) return place;
  }
  const place = skipClass(ADDRESS, block.bytes, at, Math.min(end, at + LONGEST_RUN));
  block.bytes.copy(value.bytes, 0, at, place);
  value.length = place - at;
  value.version++;
  return place;
}

/** `  123.456789`; returns `at` where no such number stands. */
function skipUptime(bytes: Buffer, at: number, end: number): number {
  let from = at;
  while (from < end && from < at + LONGEST_NUMBER && bytes[from] === 32) from++;
  const dot = skipDigits(bytes, from, Math.min(end, from + LONGEST_NUMBER));
  const to = skipDigits(bytes, dot + 1, Math.min(end, dot + LONGEST_NUMBER));
  return dot > from && bytes[dot] === 46 && to > dot + 1 ? to : at;
}

/** Four bytes at a time, the last four once more. Numbers of eight bytes would be garbage until the compiler has got here. */
export function startsWith(block: ByteBlock, at: number, text: ByteBlock): boolean {
  return isSame(text, block, at, block.length);
}

function isSame(literal: ByteBlock, block: ByteBlock, at: number, end: number): boolean {
  const { length, view } = literal;
  if (at + length > end) return false;
  if (length < 4) return isSameShort(literal, block, at);
  const last = length - 4;
  if (view.getInt32(last, true) !== block.view.getInt32(at + last, true)) return false;
  for (let i = 0; i < last; i += 4) if (view.getInt32(i, true) !== block.view.getInt32(at + i, true)) return false;
  return true;
}

function isSameShort({ bytes, length }: ByteBlock, block: ByteBlock, at: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[i] !== block.bytes[at + i]) return false;
  return true;
}
