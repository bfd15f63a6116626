import { expect, test } from 'vitest';
import { type ExplainOptions, runExplain } from '../../src/commands/explain.ts';

const LINE =
  'Jun 20 18:11:21 web1 kernel: [  1.5] DROP IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=41643 DF PROTO=TCP SPT=40577 DPT=21 WINDOW=32792 RES=0x00 SYN URGP=0';
const REPLY = LINE.replace('SPT=40577 DPT=21', 'SPT=21 DPT=40577').replace('SYN', 'ACK SYN');

async function run(options: ExplainOptions, { input = '', color = false, columns = 200 } = {}) {
  let stdout = '';
  let stderr = '';
  async function* stdin() {
    const bytes = new TextEncoder().encode(input);
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  }
  const code = await runExplain(options, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    stdin: stdin(),
    color,
    columns,
    now: () => new Date('2026-11-22T17:00:00Z'),
  });
  return { code, stdout, stderr };
}

test('explains a line field by field, with the telling ones marked without colour', async () => {
  const { stdout, code } = await run({ line: LINE, json: false });
  expect(code).toBe(0);
  expect(stdout).toContain('A TCP request on loopback, to FTP at 127.0.0.1, port 21');
  expect(stdout).toContain('It is a request: SYN without ACK');
  expect(stdout).toContain('This is a loopback drop');
  expect(stdout).toMatch(/^> OUT=lo +leaves by lo/m);
  expect(stdout).toMatch(/^> DPT=21 +destination port, the service's: FTP, used by WordPress/m);
  expect(stdout).toMatch(/^ {2}SPT=40577 +source port, the client's own/m);
  expect(stdout).toMatch(/\n +\^{6} \^{13} \^{13} +\^{6}\n/); // carets under OUT=lo, SRC, DST and DPT
  expect(stdout).not.toContain('\x1b');
});

test('tells that on a reply the port of the service is SPT', async () => {
  const { stdout } = await run({ line: REPLY, json: false });
  expect(stdout).toContain('A TCP reply on loopback, from FTP at 127.0.0.1, port 21');
  expect(stdout).toMatch(/^> SPT=21 /m);
  expect(stdout).toMatch(/^ {2}DPT=40577 /m);
});

test('does not call a drop what was only watched, or is not on lo', async () => {
  expect((await run({ line: LINE.replace('DROP', '[UFW AUDIT]'), json: false })).stdout).toContain('no sign of a drop');
  expect((await run({ line: LINE.replace('OUT=lo', 'OUT=eth0'), json: false })).stdout).toContain(
    'no loopback traffic',
  );
  expect((await run({ line: LINE.replace('DROP ', ''), json: false })).stdout).toContain('Logging alone drops nothing');
});

test('colours the telling fields where colour is wanted', async () => {
  const { stdout } = await run({ line: LINE, json: false }, { color: true });
  expect(stdout).toContain('\x1b[1;4;31mOUT=lo\x1b[0m');
});

test('nothing in a line can reach the terminal as a control sequence', async () => {
  const { stdout } = await run({ line: LINE.replace('DROP', '\x1b[2J\u202eDROP'), json: false });
  expect(stdout).not.toMatch(/[\x1b\u202e]/);
  expect(stdout).toContain('\\x1b[2J');
});

test('says what is no netfilter line', async () => {
  expect(await run({ line: 'hello', json: false })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('no netfilter line'),
  });
});

test('prints one JSON object per line of the input, with all fields of the contract in its order', async () => {
  const { stdout } = await run({ line: '-', json: true }, { input: `${LINE}\nhello\n\n${REPLY}` });
  const documents = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(documents.map(({ schema, line, entry }) => [schema, line, entry?.spt ?? null])).toEqual([
    ['lo-doctor.entry/1', LINE, 40577],
    ['lo-doctor.entry/1', 'hello', null],
    ['lo-doctor.entry/1', '', null],
    ['lo-doctor.entry/1', REPLY, 21],
  ]);
  expect(Object.keys(documents[0].entry).slice(0, 23).join(' ')).toBe(
    'time host prefix in out src dst len proto spt dpt ttl id flags uid gid mark mac physin physout type code embedded',
  );
  expect(documents[0].entry).toMatchObject({
    incomplete: false,
    loopback: true,
    direction: 'request',
    service: 'ftp',
    prefix: 'DROP',
  });
  expect(documents[0].entry).not.toHaveProperty('spans');
});

test('reads out in full the only entry of a stream, and each of several in brief', async () => {
  const one = await run({ line: null, json: false }, { input: `hello\n${LINE}\n` });
  expect(one.stdout).toMatch(/^> OUT=lo +leaves by lo/m);
  expect(one.stderr).toBe('1 of 2 lines is a netfilter line.\n');
  const two = await run({ line: '-', json: false }, { input: `${LINE}\n${REPLY}\n` });
  expect(two.stdout).not.toMatch(/^> OUT=lo/m);
  expect(two.stdout.match(/^A TCP .*/gm)).toHaveLength(2);
});

test('explains what is left of a torn line without a guess at the rest', async () => {
  const line =
    'May  5 20:46:46 udm kernel: TTL=126 ID=8698 DF PROTO=TCP SPT=40577 DPT=25 WINDOW=2053 RES=0x00 SYN URGP=0';
  const { stdout } = await run({ line, json: false });
  expect(stdout).toContain('A TCP request, to SMTP at an address that is lost, port 25');
  expect(stdout).toContain('names no interface, so it does not tell whether this is loopback traffic');
  expect(stdout).toContain('The line does not say all');
  expect(stdout).toMatch(/^ {2}TTL=126 +time to live/m);
  expect(stdout).not.toContain('came in from outside');
});

test.each([
  ['PROTO=2 ', 'An IGMP packet, to 10.0.0.2'],
  ['PROTO=ESP SPI=0x1 ', 'An ESP packet, to 10.0.0.2'],
  ['PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=2 ', 'An ICMP request, to 10.0.0.2'],
  ['PROTO=200 ', 'A protocol 200 packet, to 10.0.0.2'],
  ['PROTO=constructor ', 'A constructor packet, to 10.0.0.2'],
])('calls %j by its name', async (protocol, title) => {
  const head = 'IN=eth0 OUT= MAC=aa SRC=10.0.0.1 DST=10.0.0.2 LEN=36 TOS=0x00 PREC=0xC0 TTL=1 ID=6129';
  expect((await run({ line: `${head} ${protocol}`, json: false })).stdout).toContain(title);
});

test('explains the headers that IPv6 has between', async () => {
  const line =
    'IN=eth0 OUT= MAC=aa SRC=fe80::1 DST=ff02::1 LEN=68 TC=0 HOPLIMIT=64 FLOWLBL=5 OPT ( AH SPI=0x5 ) FRAG:0 INCOMPLETE ID:bb913371 PROTO=UDP SPT=1 DPT=2 LEN=8 ';
  const { stdout } = await run({ line, json: false });
  expect(stdout).toMatch(/^ {2}OPT \( +further headers/m);
  expect(stdout).toMatch(/^ {2}INCOMPLETE +more pieces/m);
  expect(stdout).toMatch(/^ {2}ID:bb913371 +the number that all pieces/m);
});

test('a line may name what it likes', async () => {
  const { code, stdout } = await run({ line: `${LINE} valueOf=1 constructor=2 PROTO=toString toString`, json: false });
  expect(code).toBe(0);
  expect(stdout).not.toMatch(/undefined|\[object/);
});
