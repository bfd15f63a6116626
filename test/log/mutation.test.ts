import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseLine } from '../../src/log/packet/parse-line.ts';

const now = new Date('2026-11-22T17:00:00Z');
/** `LOG_MUTATIONS=1000000 LOG_SEED=2 npx vitest run test/log/mutation` for a long run. */
const COUNT = Number(process.env.LOG_MUTATIONS ?? 10_000);
const SEED = Number(process.env.LOG_SEED ?? 1);

const HEADS = [
  'Jun 20 18:11:21 web1 kernel: [  123.456789] [UFW BLOCK] ',
  '<4>1 2026-06-20T18:11:21.123Z web1 kernel - - [meta a="b"] ',
  'Sat 2026-06-20 18:11:21 UTC web1 kernel: message repeated 2 times: [ ',
  '4,1234,123456789,-;',
  'kern  :warn  : [Sat Jun 20 18:11:21 2026] ',
  '0 3 PVEFW-HOST-IN 20/Jun/2026:18:11:21 +0200 policy DROP: ',
  '{"__REALTIME_TIMESTAMP":"1781979081123456","MESSAGE":"',
];
const PACKETS = readFileSync('test/fixtures/log/kernel-lines.txt', 'utf8')
  .split('\n')
  .filter((line) => line !== '');

/** mulberry32: a seeded generator, so that a failure can be repeated. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PIECES = [
  'IN=',
  'OUT=',
  ' OUT= ',
  'SRC=',
  ' [SRC=',
  ']',
  '[',
  'INCOMPLETE [',
  'TRUNCATED',
  'FRAG:',
  '=',
  ' ',
  '\t',
  '\0',
  'é',
  '🔥',
  '{',
  '"',
  '9'.repeat(400),
  'MARK=0xffffffffffff',
  'Feb 30 25:61:61 ',
  '99999999999999999999',
  'kernel:',
  '<4>',
  'PROTO=',
  ' ARP ',
  'SYN ',
];

function mutate(line: string, random: () => number): string {
  let text = line;
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
    const at = Math.floor(random() * (text.length + 1));
    const to = Math.min(text.length, at + Math.floor(random() * random() * 60));
    const piece = PIECES[Math.floor(random() * PIECES.length)] ?? '';
    const kind = random();
    if (kind < 0.3) text = text.slice(0, at) + text.slice(to);
    else if (kind < 0.6) text = text.slice(0, at) + piece + text.slice(at);
    else if (kind < 0.75)
      text = text.slice(0, at) + String.fromCharCode(Math.floor(random() * 300)) + text.slice(at + 1);
    else if (kind < 0.9) text = text.slice(0, to) + text.slice(at);
    else text = text.slice(0, at);
  }
  return text;
}

test(`${COUNT} mutated lines are read without a throw, and every number and span fits its line`, () => {
  const random = randomNumbers(SEED);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  let entries = 0;
  for (let i = 0; i < COUNT; i++) {
    const line = mutate(pick(HEADS) + pick(PACKETS), random);
    const { text, entry, time } = parseLine(line, { now });
    if (time !== null && !Number.isFinite(time)) expect.fail(`no time: ${line}`);
    if (entry === null) continue;
    entries++;
    const { spt, dpt, len, ttl, uid } = entry;
    for (const number of [spt, dpt, len, ttl, uid]) {
      if (number !== null && !Number.isSafeInteger(number)) expect.fail(`no number: ${line}`);
    }
    for (const [name, span] of Object.entries(entry.spans)) {
      if (span.start < 0 || span.end > text.length || span.start > span.end) expect.fail(`span of ${name}: ${line}`);
      if (name === 'dpt' && !text.slice(span.start, span.end).startsWith('DPT=')) expect.fail(`span of dpt: ${line}`);
    }
  }
  expect(entries).toBeGreaterThan(COUNT / 2);
});

/** Pieces that a parser with backtracking would read again and again. */
const REPEATED = [
  'IN=',
  'IN= OUT= ',
  'IN=a OUT=b SRC=1.1.1.1 ',
  'OUT=',
  'SRC= DST= ',
  '[',
  '[ ',
  ' ',
  '[SRC=',
  'INCOMPLETE [',
  '<4>',
  '[1.2] ',
  'kernel: ',
  'kern.warn ',
  'message repeated 2 times: [ ',
  '9',
  '1,',
  ':',
  ':Jun 20 18:11:21 ',
  '-2026-06-20 ',
  'Jun ',
  '[x y="',
  'a',
  'PHYSIN=',
  'MAC= ',
  'IN=eth0 OUT= MAC= SRC=1.2.3.4 DST=5.6.7.8 LEN=40 PROTO=TCP ',
  '{"MESSAGE":',
  '"',
  ']',
  '= ',
  'FRAG:',
  ' [TRUNCATED]',
];

// A machine that is busy with something else now and then is measured anew; what is quadratic stays so.
test.each(REPEATED)('takes time in proportion to the length of a line full of %j', { retry: 5 }, (piece) => {
  /** The best of some runs; no more are made once one has been quick enough. */
  const timeOf = (length: number, enough = 0): number => {
    const line = `${PACKETS[0]}${piece.repeat(Math.ceil(length / piece.length))} ${PACKETS[0]}`;
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 5 && best >= enough; run++) {
      // Time of this process alone: other work on the machine counts for nothing.
      const start = process.cpuUsage();
      parseLine(line, { now });
      parseLine(line.slice(PACKETS[0]?.length), { now });
      best = Math.min(best, process.cpuUsage(start).user / 1000);
    }
    return best;
  };
  timeOf(20_000); // warm
  // 16 times the length: 16 times the time where it is linear, 256 times where it is quadratic.
  const most = Math.max(timeOf(20_000), 0.02) * 120;
  expect(timeOf(320_000, most)).toBeLessThan(most);
});
