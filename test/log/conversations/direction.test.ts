import { expect, test } from 'vitest';
import { directionOf } from '../../../src/log/conversations/direction.ts';
import type { EntryPacket } from '../../../src/log/packet/entry.ts';
import { parseLine } from '../../../src/log/packet/parse-line.ts';

const now = new Date('2026-11-22T17:00:00Z');

test.each([
  ['TCP SPT=40000 DPT=25 WINDOW=1 RES=0x00 SYN URGP=0', 'request', 'smtp'],
  ['TCP SPT=25 DPT=40000 WINDOW=1 RES=0x00 ACK SYN URGP=0', 'reply', 'smtp'],
  ['TCP SPT=40000 DPT=25 WINDOW=1 RES=0x00 ACK PSH URGP=0', 'request', 'smtp'],
  ['TCP SPT=25 DPT=40000 WINDOW=0 RES=0x00 ACK RST URGP=0', 'reply', 'smtp'],
  ['TCP SPT=12 DPT=25 WINDOW=0 RES=0x00 ACK FIN URGP=0', 'request', 'smtp'],
  ['TCP SPT=40000 DPT=3 WINDOW=0 RES=0x00 ACK URGP=0', 'request', null],
  ['TCP SPT=40000 DPT=50000 WINDOW=0 RES=0x00 ACK URGP=0', 'unknown', null],
  ['TCP SPT=3306 DPT=50000 WINDOW=0 RES=0x00 SYN URGP=0', 'request', null],
  ['UDP SPT=40000 DPT=53 LEN=8', 'request', 'domain'],
  ['UDP SPT=53 DPT=40000 LEN=8', 'reply', 'domain'],
  ['UDP SPT=123 DPT=123 LEN=8', 'unknown', 'ntp'],
  ['ICMP TYPE=8 CODE=0 ID=1 SEQ=1', 'request', null],
  ['ICMP TYPE=0 CODE=0 ID=1 SEQ=1', 'reply', null],
  ['ICMP TYPE=3 CODE=3', 'error', null],
  ['ICMPv6 TYPE=128 CODE=0 ID=1 SEQ=1', 'request', null],
  ['ICMPv6 TYPE=136 CODE=0', 'reply', null],
  [
    'ICMPv6 TYPE=1 CODE=4 [SRC=::1 DST=::1 LEN=58 TC=0 HOPLIMIT=64 FLOWLBL=1 PROTO=UDP SPT=45391 DPT=53 LEN=18 ]',
    'error',
    'domain',
  ],
  ['132', 'unknown', null],
])('PROTO=%s is: %s', (rest, direction, service) => {
  const { entry } = parseLine(`IN= OUT=lo SRC=::1 DST=::1 LEN=9 PROTO=${rest} `, { now });
  expect(entry).toMatchObject({ direction, service });
  const packet: (EntryPacket & { embedded: EntryPacket | null }) | null = entry;
  expect(packet && directionOf(packet)).toBe(direction);
});
