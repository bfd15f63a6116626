import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogSummary } from '../../../src/log/count/count-state.ts';
import { createLogCounter } from '../../../src/log/count/log-counter.ts';
import { parseLine } from '../../../src/log/packet/parse-line.ts';
import { printKernelLine } from '../../../src/log/packet/print-kernel-line.ts';
import { kernelLine, prefix } from '../arbitraries.ts';

const now = new Date('2026-11-22T17:00:00Z');

type Feed = { chunk?: number; since?: number | null; templates?: boolean };

function count(text: string, { chunk = 1 << 20, since = null, templates = true }: Feed = {}): LogSummary {
  const counter = createLogCounter({ since, lines: true, templates });
  const bytes = Buffer.from(text);
  counter.startFile(now);
  // One piece of memory for all chunks, as a reader of files has it.
  const memory = Buffer.alloc(chunk);
  for (let at = 0; at < bytes.length; at += chunk) {
    const length = bytes.copy(memory, 0, at, at + chunk);
    counter.push(memory.subarray(0, length));
  }
  counter.endFile();
  return counter.summary;
}

const facts = ({ timeline: _, groups, ...totals }: LogSummary) => ({
  ...totals,
  groups: groups.map(({ series, ...group }) => ({ ...group, series: series.reduce((sum, n) => sum + n, 0) })),
});

const SYN =
  'web1 kernel: [  123.456789] DROP: IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=41643 DF PROTO=TCP SPT=40577 DPT=25 WINDOW=32792 RES=0x00 SYN URGP=0 ';
const REPLY = SYN.replace('SPT=40577 DPT=25', 'SPT=25 DPT=40577').replace('SYN', 'ACK SYN');
const ERROR =
  'web1 kernel: [  123.456789] DROP: IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=80 TOS=0x00 PREC=0xC0 TTL=64 ID=1 PROTO=ICMP TYPE=3 CODE=3 [SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=2 DF PROTO=TCP SPT=40577 DPT=25 WINDOW=1 RES=0x00 SYN URGP=0 ] ';

test('counts lines, entries and groups, with replies and errors in the group of their request', () => {
  const text = [
    'Jun 20 18:11:21 web1 sshd[1]: hello DST=1',
    `Jun 20 18:11:22 ${SYN}`,
    `Jun 20 18:11:23 ${REPLY}`,
    `Jun 20 18:11:24 ${ERROR}`,
    `Jun 20 18:11:25 web1 kernel: message repeated 3 times: [ ${SYN.slice(13)}]`,
    `Jun 20 18:11:26 ${SYN.replace('OUT=lo', 'OUT=eth0').replace('DST=127.0.0.1', 'DST=0000:0000:0000:0000:0000:0000:0000:0001')}`,
    '',
    'last',
  ].join('\n');
  const summary = count(text);
  const time = (second: number): number => new Date(2026, 5, 20, 18, 11, second).getTime();
  expect(facts(summary)).toEqual({
    bytes: Buffer.byteLength(text),
    lines: 8,
    entries: 7,
    first: time(22),
    last: time(26),
    groups: [
      {
        loopback: true,
        in: null,
        out: 'lo',
        proto: 'TCP',
        dst: '127.0.0.1',
        port: 25,
        service: 'smtp',
        prefix: 'DROP:',
        count: 6,
        requests: 4,
        replies: 1,
        errors: 1,
        first: time(22),
        last: time(25),
        series: 6,
      },
      {
        loopback: false,
        in: null,
        out: 'eth0',
        proto: 'TCP',
        dst: '::1',
        port: 25,
        service: 'smtp',
        prefix: 'DROP:',
        count: 1,
        requests: 1,
        replies: 0,
        errors: 0,
        first: time(26),
        last: time(26),
        series: 1,
      },
    ],
  });
});

const HEADS = [
  'Jun 20 18:11:21 web1 kernel: ',
  'Jun 20 18:11:21 web1 kernel: [  123.456789] ',
  'Jun 20 18:11:22 web1 kernel: [12345.678901] ',
  '2026-06-20T18:11:21.123456+02:00 web1 kernel: [  1.5] ',
  '[  123.456789] ',
  '<4>[    1.456789] ',
  '4,1234,123456789,-;',
  'Jun 20 18:11:23 web1 kernel: message repeated 2 times: [ ',
];

type Variation = { digit: number; destination: number; at: number; char: string };

const variation: fc.Arbitrary<Variation> = fc.record({
  digit: fc.nat(9),
  destination: fc.nat(9),
  at: fc.oneof(fc.constant(-1), fc.nat(400)),
  char: fc.constantFrom('7', 'A', 'f', ':', '.', ' ', '=', ']'),
});

/** The same line with other numbers, and perhaps one other character anywhere. */
function vary(line: string, { digit, destination, at, char }: Variation): string {
  const varied = line
    .replace(/(?<= (?:ID|SPT|SEQ|TTL)=)\d/g, String(digit))
    .replace(/(?<=DST=\d)\d?/, String(destination));
  return at < 0 || at >= varied.length ? varied : varied.slice(0, at) + char + varied.slice(at + 1);
}

/** A log in which lines come again with other numbers, as those of a rule do, and others between them. */
const kind = fc.tuple(fc.constantFrom(...HEADS), fc.oneof(fc.constant('DROP: '), fc.constant(''), prefix), kernelLine);
const log = fc
  .array(kind, { minLength: 1, maxLength: 6 })
  .map((kinds) => kinds.map(([head, rule, line]) => head + printKernelLine({ ...line, prefix: rule })))
  .chain((lines) => fc.array(fc.tuple(fc.constantFrom(...lines), variation, fc.boolean()), { maxLength: 40 }))
  .map((picks) =>
    picks
      .map(([line, change, plain]) => `${plain ? 'Jun 20 18:11:21 web1 cron[1]: DST=7\n' : ''}${vary(line, change)}`)
      .join('\n'),
  );

test('templates, and chunks cut anywhere, change nothing of the counts', () => {
  fc.assert(
    fc.property(log, fc.integer({ min: 1, max: 400 }), (text, chunk) => {
      const plain = facts(count(text, { templates: false }));
      expect(facts(count(text))).toEqual(plain);
      expect(facts(count(text, { chunk }))).toEqual(plain);
    }),
    { numRuns: Number(process.env.LOG_RUNS ?? 100) },
  );
});

test('counts the entries that the parser of single lines finds, but for those without any address', () => {
  fc.assert(
    fc.property(log, (text) => {
      const lines = text.split('\n').filter((line) => line.includes('DST='));
      const entries = lines.map((line) => parseLine(line, { now })).filter(({ entry }) => entry !== null);
      const sum = (list: typeof entries): number => list.reduce((total, { repeated }) => total + repeated, 0);
      const summary = count(text);
      expect(summary.entries).toBe(sum(entries));
      const loopback = summary.groups
        .filter((group) => group.loopback)
        .reduce((total, group) => total + group.count, 0);
      expect(loopback).toBe(sum(entries.filter(({ entry }) => entry?.loopback)));
    }),
    { numRuns: 70 },
  );
});

test('reads the JSON of the journal', () => {
  const line = JSON.stringify({ MESSAGE: SYN.slice(13), __REALTIME_TIMESTAMP: '1781979081123456', _HOSTNAME: 'web1' });
  expect(count(`${line}\n`).groups).toMatchObject([{ count: 1, first: 1781979081123.456, port: 25, prefix: 'DROP:' }]);
});

test.each([
  ['colours', (line: string) => line.replace('OUT=lo', '\x1b[01;31m\x1b[KOUT=lo\x1b[m\x1b[K')],
  ['a byte order mark', (line: string) => `\ufeff${line}`],
  ['an event of the journal', (line: string) => `data: ${JSON.stringify({ MESSAGE: line })}`],
  ['a record of a log shipper', (line: string) => JSON.stringify({ _source: { message: line } })],
  ['a container', (line: string) => `2026-06-20T18:11:21Z stdout F ${line}`],
  ['a foreign locale', (line: string) => line.replace('Jun', 'juin')],
  ['ports of a bridge', (line: string) => line.replace('IN= OUT=lo', 'IN=br0 PHYSIN=a OUT=br0 PHYSOUT=b')],
])('counts lines with %s as the parser of single lines reads them', (_, dress) => {
  const line = dress(`Jun 20 18:11:21 ${SYN}`);
  const { entry, time } = parseLine(line, { now });
  expect(entry).toMatchObject({ prefix: 'DROP:', dpt: 25 });
  const { groups, first } = count(`${line}\n${line}\n`);
  expect(groups).toMatchObject([{ count: 2, in: entry?.in, out: entry?.out, prefix: 'DROP:', port: 25, proto: 'TCP' }]);
  expect(first).toBe(time);
});

test('leaves out what is older than asked for, also by templates', () => {
  const text = Array.from({ length: 30 }, (_, second) => `Jun 20 18:11:${second + 10} ${SYN}`).join('\n');
  const since = new Date(2026, 5, 20, 18, 11, 30).getTime();
  expect(count(text, { since })).toMatchObject({ entries: 10, first: since });
  expect(count(`${SYN.slice(13)}\n`, { since }).entries).toBe(0);
});

test('keeps the number of groups, and so the memory, within bounds', () => {
  const lines = Array.from(
    { length: 25_000 },
    (_, i) => `Jun 20 18:11:21 ${SYN.replace('DPT=25', `DPT=${i}`).replace('OUT=lo', i % 5 ? 'OUT=eth0' : 'OUT=lo')}`,
  );
  const { groups, entries } = count(lines.join('\n'));
  expect(entries).toBe(25_000);
  expect(groups.filter((group) => group.loopback)).toHaveLength(5000);
  expect(groups.filter((group) => !group.loopback)).toHaveLength(10_001);
  expect(groups.find((group) => !group.loopback && group.dst === null)).toMatchObject({
    count: 10_000,
    port: null,
    proto: null,
  });
});

test('a log without line ends is read in pieces', () => {
  const summary = count(`${SYN} `.repeat(3000), { chunk: 1000 });
  expect(summary.entries).toBeGreaterThan(5);
  expect(summary.entries).toBeLessThan(3000);
});
