import { expect, test } from 'vitest';
import { parseLine } from '../../src/log/packet/parse-line.ts';
import { tellEntry } from '../../src/words/entry-line.ts';

const tell = (packet: string): string => {
  const { entry, ...line } = parseLine(`Jun 20 18:11:21 web1 kernel: [1.0] X IN= OUT=lo ${packet} `, {
    now: new Date(0),
  });
  if (entry === null) throw new Error('no entry');
  return tellEntry({ ...line, time: null, entry })
    .map(({ text }) => text)
    .join('');
};

const ADDRESSES = 'SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=1';

test('a packet without ports has none in its short line', () => {
  expect(tell(`${ADDRESSES} PROTO=ICMP TYPE=0 CODE=0 ID=1 SEQ=1`)).toBe('OUT=lo  127.0.0.1 -> 127.0.0.1  ICMP (reply)');
  expect(tell(`${ADDRESSES} PROTO=TCP SPT=25 DPT=40000 WINDOW=1 RES=0x00 ACK SYN URGP=0`)).toBe(
    'OUT=lo  127.0.0.1 -> 127.0.0.1  TCP SPT=25 smtp (reply)',
  );
});

test('what a line does not tell is never printed as null', () => {
  for (const packet of ['SRC=127.0.0.1', 'SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TRUNCATED', `${ADDRESSES} PROTO=4`])
    expect(tell(packet)).not.toMatch(/null|undefined/);
});
