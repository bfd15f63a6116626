import { expect, test } from 'vitest';
import { parseHashlimit } from '../../../../src/firewall/facts/parse/parse-hashlimit.ts';
import { parseQueues } from '../../../../src/firewall/facts/parse/parse-queues.ts';
import { parseKernelClock, parseRecentList } from '../../../../src/firewall/facts/parse/parse-recent-list.ts';

const LIST = `src=127.0.0.1 ttl: 64 last_seen: 4295375217 oldest_pkt: 2 4295375217, 4295374217
src=0000:0000:0000:0000:0000:0000:0000:0001 ttl: 0 last_seen: 0 oldest_pkt: 0
`;

test('a list gives the age of each packet by address', () => {
  const clock = { now: 4295375717, perSecond: 250 };
  expect(parseRecentList(LIST, clock)).toEqual(
    new Map<number | bigint, object>([
      [0x7f000001, { ttl: 64, ages: [2, 6] }],
      [1n, { ttl: 0, ages: [] }],
    ]),
  );
  expect(parseRecentList('', clock)).toEqual(new Map());
  expect(parseRecentList(LIST, null)?.get(0x7f000001)?.ages).toEqual([null, null]);
  expect(parseRecentList('anything else\n', clock)).toBeNull();
});

test.each([
  [4295266595, '1497.51 2202.52', 250],
  [4294967296 + 1000 * 86_000, '86300.10 1.00', 1000],
  [4294967296 + 100 * 864_000, '864300.00 1.00', 100],
])('the clock of %s ticks', (now, uptime, perSecond) => {
  expect(parseKernelClock(`Timer List\njiffies: ${now}\n`, `${uptime}\n`)).toEqual({ now, perSecond });
});

test.each([
  ['', '1497.51 2202.52'],
  ['jiffies: 4295266595', ''],
  // Five minutes after the start all rates fit.
  ['jiffies: 4294967296', '300.00 1.00'],
  // The machine slept meanwhile.
  ['jiffies: 4295266595', '91497.51 2202.52'],
])('no clock is known by "%s" and "%s"', (timers, uptime) => {
  expect(parseKernelClock(timers, uptime)).toBeNull();
});

test('buckets and queues', () => {
  expect(parseHashlimit('-2 127.0.0.1:0->0.0.0.0:0 3298534883328 137438953000000 27487790600000\n')).toEqual(
    new Map([['127.0.0.1:0->0.0.0.0:0', { credit: 3298534883328, cost: 27487790600000 }]]),
  );
  expect(parseHashlimit('what is this\n')).toBeNull();
  expect(
    parseQueues('    0   4711     0 2 65531     0     0        0  1\n   12   9     0 1 0     0     0        3  1\n'),
  ).toEqual(new Set([0, 12]));
  expect(parseQueues('')).toEqual(new Set());
  expect(parseQueues('what is this\n')).toBeNull();
});
