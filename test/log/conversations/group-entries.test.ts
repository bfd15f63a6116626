import { expect, test } from 'vitest';
import type { Sighting } from '../../../src/log/conversations/count-sightings.ts';
import { groupEntries } from '../../../src/log/conversations/group-entries.ts';
import type { EntryLine } from '../../../src/log/packet/entry.ts';
import { parseLine } from '../../../src/log/packet/parse-line.ts';

const now = new Date('2026-11-22T17:00:00Z');

function seen(source: string, text: string): Sighting {
  const line = parseLine(text, { now });
  if (line.entry === null) throw new Error(`no entry in ${text}`);
  const entryLine: EntryLine = { ...line, entry: line.entry };
  return { source, line: entryLine };
}

const packet = (devices: string, ends: string, flags: string, id: number, second = 0): string =>
  `Jun 20 18:11:0${second} web1 kernel: ${devices} SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=${id} DF PROTO=TCP ${ends} WINDOW=1 RES=0x00 ${flags} URGP=0 `;
const syn = (id: number, second = 0, devices = 'DROP IN= OUT=lo'): string =>
  packet(devices, 'SPT=40000 DPT=25', 'SYN', id, second);

test('a packet that stands in the file, the journal and the ring buffer counts once', () => {
  const sightings = ['messages', 'journal', 'kmsg'].map((source) => seen(source, syn(7)));
  expect(groupEntries(sightings)).toMatchObject([{ count: 1, requests: 1, port: 25, service: { name: 'smtp' } }]);
});

test('a packet seen on its way out of lo and on its way in counts once', () => {
  const sightings = [seen('kmsg', syn(7)), seen('kmsg', syn(7, 0, 'DROP IN=lo OUT= MAC=00:00'))];
  expect(groupEntries(sightings)).toMatchObject([{ count: 1 }]);
});

test('a packet that two rules log counts once, and names both', () => {
  const sightings = [seen('kmsg', syn(7, 0, 'A IN= OUT=lo')), seen('kmsg', syn(7, 0, 'B IN= OUT=lo'))];
  expect(groupEntries(sightings)).toMatchObject([{ count: 1, prefixes: ['A', 'B'] }]);
});

test('equal packets in one place count each, in two places no more', () => {
  const twice = [seen('kmsg', syn(0)), seen('kmsg', syn(0, 1)), seen('journal', syn(0)), seen('journal', syn(0, 1))];
  expect(groupEntries(twice)).toMatchObject([{ count: 2 }]);
  const repeated = `Jun 20 18:11:05 web1 kernel: message repeated 2 times: [ ${syn(0).slice(29)}]`;
  expect(groupEntries([seen('messages', syn(0)), seen('messages', repeated)])).toMatchObject([{ count: 3 }]);
});

test('replies and errors belong to the conversation of their request', () => {
  const error = `Jun 20 18:11:03 web1 kernel: X IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=88 TOS=0x00 PREC=0xC0 TTL=64 ID=9 PROTO=ICMP TYPE=3 CODE=3 [SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=7 DF PROTO=TCP SPT=40000 DPT=25 WINDOW=1 RES=0x00 SYN URGP=0 ] `;
  const conversations = groupEntries([
    seen('kmsg', packet('DROP IN= OUT=lo', 'SPT=25 DPT=40000', 'ACK SYN', 0, 1)),
    seen('kmsg', syn(7, 2)),
    seen('kmsg', error),
    seen('kmsg', packet('DROP IN= OUT=lo', 'SPT=25 DPT=40000', 'ACK RST', 8, 4)),
  ]);
  expect(conversations).toMatchObject([
    { server: '127.0.0.1', port: 25, requests: 1, replies: 2, errors: 1, count: 4, prefixes: ['DROP', 'X'] },
  ]);
  const [conversation] = conversations;
  expect((conversation?.last ?? 0) - (conversation?.first ?? 0)).toBe(3000);
  expect(conversation?.sample.entry.flags).toEqual(['SYN']);
});

test('a server on a high port is known by the SYN that went to it', () => {
  const conversations = groupEntries([
    seen('kmsg', packet('DROP IN= OUT=lo', 'SPT=50000 DPT=40000', 'ACK', 1)),
    seen('kmsg', packet('DROP IN= OUT=lo', 'SPT=40000 DPT=50000', 'SYN', 2)),
  ]);
  expect(conversations).toMatchObject([{ port: 50000, requests: 1, replies: 1 }]);
});

test('loopback comes first, then what is more frequent', () => {
  const order = groupEntries([
    seen('kmsg', syn(1, 0, 'D IN= OUT=eth0')),
    seen('kmsg', syn(2, 0, 'D IN= OUT=eth0')),
    seen('kmsg', packet('D IN= OUT=eth0', 'SPT=1 DPT=80', 'SYN', 3)),
    seen('kmsg', syn(4)),
  ]).map(({ loopback, port }) => [loopback, port]);
  expect(order).toEqual([
    [true, 25],
    [false, 25],
    [false, 80],
  ]);
});
