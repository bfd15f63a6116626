import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countNewlines } from '../../src/log/count/count-newlines.ts';
import { addCount, addSeries, BUCKETS, createTimeline, sparkline } from '../../src/log/count/timeline.ts';
import { orderLogFiles } from '../../src/log/files/order-log-files.ts';
import { parseSince } from '../../src/log/files/parse-since.ts';
import { findPrefixHint } from '../../src/log/packet/find-prefix-hint.ts';

test('counts line feeds wherever a chunk begins, in any bytes', () => {
  const byte = fc.oneof(
    { weight: 1, arbitrary: fc.constant(10) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 255 }) },
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 5000 }), fc.nat(9), fc.boolean(), (bytes, skip, ascii) => {
      const chunk = Uint8Array.from(bytes, (value) => (ascii ? value & 127 : value)).subarray(skip);
      expect(countNewlines(chunk)).toBe(chunk.filter((value) => value === 10).length);
    }),
    { numRuns: 300 },
  );
});

test('a timeline loses no count, whatever the order of times', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: -1e12, max: 2e12 }), fc.nat(5)), { maxLength: 200 }), (events) => {
      const timeline = createTimeline();
      const series = [addSeries(timeline), addSeries(timeline)] as const;
      events.forEach(([time, count], i) => {
        addCount(timeline, series[i % 2 === 0 ? 0 : 1], time, count);
        const bucket = Math.floor(time / timeline.width) - timeline.base;
        expect(bucket >= 0 && bucket < timeline.used && timeline.used <= BUCKETS).toBe(true);
      });
      const sum = (i: number): number =>
        events.reduce((total, [, count], at) => (at % 2 === i ? total + count : total), 0);
      expect(series.map((counts) => counts.reduce((total, count) => total + count, 0))).toEqual([sum(0), sum(1)]);
    }),
    { numRuns: 300 },
  );
});

test('draws the course of a series', () => {
  const timeline = createTimeline();
  const series = addSeries(timeline);
  for (const [second, count] of [1, 2, 4, 8].entries()) addCount(timeline, series, second * 2000, count);
  expect(sparkline(timeline, series)).toBe('▁ ▂ ▄ █');
  expect(sparkline(timeline, series, { columns: 4 })).toBe('▁▂▄█');
  expect(sparkline(timeline, series, { columns: 4, ascii: true })).toBe('.:=@');
});

test.each([
  ['now', '2026-11-22T17:00:00'],
  ['today', '2026-11-22T00:00:00'],
  ['yesterday', '2026-11-21T00:00:00'],
  ['2h', '2026-11-22T15:00:00'],
  ['30 min ago', '2026-11-22T16:30:00'],
  ['-1day', '2026-11-21T17:00:00'],
  ['16:05', '2026-11-22T16:05:00'],
  ['2026-06-20', '2026-06-20T00:00:00'],
  ['2026-06-20 18:11', '2026-06-20T18:11:00'],
  ['2026-06-20T18:11:21+02:00', '2026-06-20T16:11:21Z'],
  ['2026-06-20T18:11:21.5Z', '2026-06-20T18:11:21.500Z'],
])('--since %s', (text, expected) => {
  expect(new Date(parseSince(text, new Date('2026-11-22T17:00:00')) ?? 0)).toEqual(new Date(expected));
});

test.each(['', 'soon', '2026-13-40', '12', '2026-06-20 99:00', '2h later'])('--since %j is no time', (text) => {
  expect(parseSince(text, new Date())).toBeNull();
});

test('orders rotated logs by age, sets as they were named', () => {
  const files = ['/l/syslog', '/l/syslog.1', '/l/syslog.10.gz', '/l/syslog.2.gz', '/l/kern.log', '/l/kern.log.1'];
  expect(orderLogFiles(files)).toEqual([
    '/l/syslog.10.gz',
    '/l/syslog.2.gz',
    '/l/syslog.1',
    '/l/syslog',
    '/l/kern.log.1',
    '/l/kern.log',
  ]);
  const dated = ['messages', 'messages-20260621', 'messages-20260614.xz', 'messages-20251228.gz'];
  expect(orderLogFiles(dated)).toEqual([
    'messages-20251228.gz',
    'messages-20260614.xz',
    'messages-20260621',
    'messages',
  ]);
});

test.each([
  ['[UFW BLOCK]', 'stopped'],
  ['FINAL_REJECT:', 'stopped'],
  ['[UFW LIMIT BLOCK]', 'stopped'],
  ['[UFW AUDIT]', 'passed'],
  ['[UFW ALLOW]', 'passed'],
  ['TRACE: filter:OUTPUT:rule:1', 'passed'],
  ['[WAN_LOCAL-4001-A]', 'passed'],
  ['[WAN_IN-default-D]', 'stopped'],
  ['[WAN_LOCAL-D-2147483647] DESCR="[WAN_LOCAL]Allow all"', 'stopped'],
  ['lo-doctor:', 'unknown'],
  [null, 'unknown'],
])('the prefix %s says: %s', (prefix, hint) => {
  expect(findPrefixHint(prefix)).toBe(hint);
});
