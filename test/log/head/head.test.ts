import { expect, test } from 'vitest';
import { parseLine } from '../../../src/log/packet/parse-line.ts';

const now = new Date('2026-11-22T17:00:00Z');
const PACKET =
  'DROP IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=4 DPT=25 WINDOW=3 RES=0x00 SYN URGP=0 ';
const local = (text: string): string => new Date(text).toISOString();

test.each([
  ['', null, null],
  ['kernel: ', null, null],
  ['Jun 20 18:11:21 web1 kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['Jun  2 18:11:21 web1 kernel: [  123.456789] ', local('2026-06-02T18:11:21'), 'web1'],
  ['Jun 20 18:11:21 web1 kernel: kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['Jun 20 18:11:21 web1 ', local('2026-06-20T18:11:21'), 'web1'],
  ['Jun 20 18:11:21 kernel: ', local('2026-06-20T18:11:21'), null],
  ['Jun 20 18:11:21 web1 ulogd[123]: ', local('2026-06-20T18:11:21'), 'web1'],
  ['Jun 20 18:11:21 udm udm ', local('2026-06-20T18:11:21'), 'udm'],
  ['Jun 20 18:11:21 web1 kernel[0]: ', local('2026-06-20T18:11:21'), 'web1'],
  ['Jun 20 2025 18:11:21 web1 kernel: ', local('2025-06-20T18:11:21'), 'web1'],
  ['Jun 20 18:11:21.5 web1 kernel: ', local('2026-06-20T18:11:21.500'), 'web1'],
  ['<4>Jun 20 18:11:21 web1 kernel: <4>[  123.456789] ', local('2026-06-20T18:11:21'), 'web1'],
  ['Jun 20 18:11:21 web1 kern.warn kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['Sat Jun 20 18:11:21 2026 kern.warn kernel: [1.2] ', local('2026-06-20T18:11:21'), null],
  ['2026-06-20T18:11:21.123456+02:00 web1 kernel: ', '2026-06-20T16:11:21.123Z', 'web1'],
  ['2026-06-20T18:11:21Z web1 kernel: ', '2026-06-20T18:11:21.000Z', 'web1'],
  ['2026-06-20T18:11:21-0530 web1 kernel: ', '2026-06-20T23:41:21.000Z', 'web1'],
  ['2026-06-20T18:11:21 web1 kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['2026-06-20 18:11:21 web1 kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['Sat 2026-06-20 18:11:21 UTC web1 kernel: ', '2026-06-20T18:11:21.000Z', 'web1'],
  ['Sat 2026-06-20 18:11:21.123456 UTC web1 kernel: ', '2026-06-20T18:11:21.123Z', 'web1'],
  ['1781979081.123456 web1 kernel: ', '2026-06-20T18:11:21.123Z', 'web1'],
  ['[  123.456789] web1 kernel: ', null, 'web1'],
  ['<4>1 2026-06-20T18:11:21.003Z web1 kernel - - - ', '2026-06-20T18:11:21.003Z', 'web1'],
  ['1 2026-06-20T18:11:21.003Z - kernel - - [meta a="]\\"b"][x y="z"] [  1.5] ', '2026-06-20T18:11:21.003Z', null],
  ['2026-06-20T18:11:21,123456+02:00 ', '2026-06-20T16:11:21.123Z', null],
  ['[Sat Jun 20 18:11:21 2026] ', local('2026-06-20T18:11:21'), null],
  ['kern  :warn  : [  123.456789] ', null, null],
  ['kern  :warn  : [Sat Jun 20 18:11:21 2026] ', local('2026-06-20T18:11:21'), null],
  ['kern  :warn  : 2026-06-20T18:11:21,123456+02:00 ', '2026-06-20T16:11:21.123Z', null],
  ['<4>[  123.456789] ', null, null],
  ['[  123.456789][    T1] ', null, null],
  ['4,1234,123456789,-;', null, null],
  ['4,1234,123456789,-,caller=T1;', null, null],
  ['/var/log/messages-20260621:Jun 20 18:11:21 web1 kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['> "Jun 20 18:11:21 web1 kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['syslog:12:2026-06-20T18:11:21Z web1 kernel: ', '2026-06-20T18:11:21.000Z', 'web1'],
  ['0 3 PVEFW-HOST-OUT 20/Jun/2026:18:11:21 +0200 ', '2026-06-20T16:11:21.000Z', null],
  ['Jun 20 18:11:21 relay Jun 20 18:11:19 web1 kernel: ', local('2026-06-20T18:11:21'), 'relay'],
  ['2026-06-20T18:11:21Z Jun 20 20:11:21 web1 kernel: ', '2026-06-20T18:11:21.000Z', 'web1'],
  ['2026-06-20T18:11:21.123456789Z stdout F ', '2026-06-20T18:11:21.123Z', null],
  ['2026-06-20T18:11:21Z stderr P Jun 20 20:11:21 web1 kernel: ', '2026-06-20T18:11:21.000Z', 'web1'],
  ['231 <4>1 2026-06-20T18:11:21Z web1 kernel - - - ', '2026-06-20T18:11:21.000Z', 'web1'],
  ['231 <4>Jun 20 18:11:21 web1 kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['2026 Jun 20 18:11:21 web1 kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['Jun 20 18:11:21 [kernel] ', local('2026-06-20T18:11:21'), null],
  ['Jun 20 18:11:21\tweb1\tkernel:\t', local('2026-06-20T18:11:21'), 'web1'],
  ['2026-06-20 18:11:21\tKernel.Warning\t10.0.0.1\tkernel: ', local('2026-06-20T18:11:21'), '10.0.0.1'],
  ['Jun 20 18:11:21 ::ffff:10.0.0.1 kernel: ', local('2026-06-20T18:11:21'), '::ffff:10.0.0.1'],
  ['6/20/2026 6:11:21 PM web1 kernel: ', null, 'web1'],
  ['1781979081 web1 kern.warn kernel: ', null, 'web1'],
  ['[  123.456789 <    0.000012 >] web1 kernel: ', null, 'web1'],
  ['[  123.456789                ] web1 kernel: ', null, 'web1'],
  ['Okt 20 18:11:21 web1 kernel: ', local('2026-10-20T18:11:21'), 'web1'],
  ['Mär 20 18:11:21 web1 kernel: ', local('2026-03-20T18:11:21'), 'web1'],
  ['juil. 20 18:11:21 web1 kernel: ', local('2026-07-20T18:11:21'), 'web1'],
  ['[Sa Jun 20 18:11:21 2026] ', local('2026-06-20T18:11:21'), null],
  ['[sam. juin 20 18:11:21 2026] ', local('2026-06-20T18:11:21'), null],
  ['[sob paź 20 18:11:21 2025] ', local('2025-10-20T18:11:21'), null],
  ['Jun 20 18:11:21 firewall[]: ', local('2026-06-20T18:11:21'), null],
  ['MESSAGE=', null, null],
  ['\ufeffJun 20 18:11:21 web1 kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  ['\0\0\0Jun 20 18:11:21 web1 kernel: ', local('2026-06-20T18:11:21'), 'web1'],
  [
    '\x1b[0;1;39mJun 20 18:11:21\x1b[0m web1 \x1b[01;31m\x1b[Kkernel\x1b[m\x1b[K: ',
    local('2026-06-20T18:11:21'),
    'web1',
  ],
])('the head %j', (head, time, host) => {
  const { entry } = parseLine(head + PACKET, { now });
  expect(entry).toMatchObject({ time, host, prefix: 'DROP', dpt: 25 });
});

test('works out the year of lines without one', () => {
  const yearOf = (stamp: string, at: string): number | undefined => {
    const { time } = parseLine(`${stamp} web1 kernel: ${PACKET}`, { now: new Date(at) });
    return time === null ? undefined : new Date(time).getFullYear();
  };
  expect(yearOf('Dec 31 23:59:59', '2027-01-01T12:00:00')).toBe(2026);
  expect(yearOf('Jan  1 00:00:01', '2026-12-31T12:00:00')).toBe(2027); // a clock that is ahead
  expect(yearOf('Jan  3 00:00:01', '2026-12-31T12:00:00')).toBe(2026);
  expect(yearOf('Feb 29 12:00:00', '2027-06-01T12:00:00')).toBe(2024);
});

test('tells the time from the clock of the kernel where it knows when the machine booted', () => {
  const bootTime = new Date('2026-06-20T18:00:00Z');
  const { time, uptime } = parseLine(`[  123.456789] ${PACKET}`, { now, bootTime });
  expect(uptime).toBe(123.456789);
  expect(time).toBe(bootTime.getTime() + 123_456);
});

test('counts what rsyslog says was repeated', () => {
  const line = `Jun 20 18:11:21 web1 kernel: message repeated 3 times: [ [  1.5] [UFW BLOCK] ${PACKET}]`;
  const parsed = parseLine(line, { now });
  expect(parsed).toMatchObject({ repeated: 3, uptime: 1.5, host: 'web1' });
  expect(parsed.entry).toMatchObject({ prefix: '[UFW BLOCK] DROP', flags: ['SYN'] });
});

test('reads what the journal and Docker wrap in JSON', () => {
  const journal = {
    MESSAGE: PACKET,
    _HOSTNAME: 'web1',
    __REALTIME_TIMESTAMP: '1781979081123456',
    _SOURCE_MONOTONIC_TIMESTAMP: '123456789',
  };
  const parsed = parseLine(JSON.stringify(journal), { now });
  expect(parsed).toMatchObject({ text: PACKET.trimEnd(), uptime: 123.456789 });
  expect(parsed.entry).toMatchObject({ time: '2026-06-20T18:11:21.123Z', host: 'web1', prefix: 'DROP' });
  const bytes = { ...journal, MESSAGE: [...PACKET].map((char) => char.charCodeAt(0)) };
  expect(parseLine(JSON.stringify(bytes), { now }).entry).toMatchObject({ prefix: 'DROP', dpt: 25 });
  const docker = { log: `Jun 20 18:11:21 web1 kernel: ${PACKET}\n`, stream: 'stdout', time: '2024-06-20T18:11:22.5Z' };
  expect(parseLine(JSON.stringify(docker), { now }).entry).toMatchObject({
    time: '2024-06-20T18:11:22.500Z',
    host: 'web1',
  });
});

test.each([
  [`data: ${JSON.stringify({ MESSAGE: PACKET, _HOSTNAME: 'web1', __REALTIME_TIMESTAMP: '1781979081123456' })}`],
  [`\x1e${JSON.stringify({ MESSAGE: PACKET, _HOSTNAME: 'web1', __REALTIME_TIMESTAMP: '1781979081123456' })}`],
  [JSON.stringify({ '@timestamp': '2026-06-20T18:11:21.123Z', host: { hostname: 'web1' }, log: {}, message: PACKET })],
  [
    JSON.stringify({
      _source: { '@timestamp': '2026-06-20T18:11:21.123Z', host: 'web1', event: { original: PACKET } },
    }),
  ],
  [JSON.stringify({ result: { _time: '2026-06-20T18:11:21.123Z', host: 'web1', _raw: PACKET } })],
  [JSON.stringify({ version: '1.1', host: 'web1', timestamp: 1781979081.123, short_message: PACKET })],
])('reads the record %s', (line) => {
  const { entry } = parseLine(line, { now });
  expect(entry).toMatchObject({ time: '2026-06-20T18:11:21.123Z', host: 'web1', prefix: 'DROP', dpt: 25 });
});
