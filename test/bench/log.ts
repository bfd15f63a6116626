// The log's speed, paired with its yardsticks in one run: node test/bench/log.ts [--mb 1000] [--rounds 5] [--program "node dist/lo-doctor.js"]
// Each round runs both in turn, so that a busy machine slows both; medians and their ratio are printed.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLogCounter } from '../../src/log/count/log-counter.ts';
import { parseLine } from '../../src/log/packet/parse-line.ts';
import { compare, reportPair } from './compare.ts';
import { writeLog } from './write-log.ts';

const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    program: { type: 'string', default: 'node dist/lo-doctor.js' },
  },
});
const megabytes = Number(values.mb);
const rounds = Number(values.rounds);
const logs = [...values.program.split(' '), 'logs'];

/** A regular expression that takes only the usual TCP line, and what a summary needs of it. */
const STRICT =
  /^(\w{3} [ \d]\d \d\d:\d\d:\d\d) (\S+) kernel: \[ *(\d+\.\d+)\] (.*?)IN=(\S*) OUT=(\S*) (?:MAC=(\S*) )?SRC=(\S+) DST=(\S+) LEN=(\d+) TOS=0x([0-9A-F]{2}) PREC=0x([0-9A-F]{2}) TTL=(\d+) ID=(\d+) (?:(CE) )?(?:(DF) )?(?:(MF) )?PROTO=(\w+) SPT=(\d+) DPT=(\d+) WINDOW=(\d+) RES=0x([0-9a-f]{2}) ((?:(?:CWR|ECE|URG|ACK|PSH|RST|SYN|FIN) )*)URGP=(\d+) $/;

function countByExpression(bytes: Buffer): number {
  const groups = new Map<string, number>();
  for (const line of bytes.toString('latin1').split('\n')) {
    const match = STRICT.exec(line);
    if (match === null) continue;
    const key = [match[4], match[5], match[6], match[9], match[18], match[20]].join(' ');
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return [...groups.values()].reduce((sum, count) => sum + count, 0);
}

function countByCounter(bytes: Buffer, templates: boolean): number {
  const counter = createLogCounter({ since: null, lines: false, templates });
  counter.startFile(new Date());
  for (let at = 0; at < bytes.length; at += 1 << 20) counter.push(bytes.subarray(at, at + (1 << 20)));
  counter.endFile();
  return counter.summary.entries;
}

/** Entries a second, the best of the rounds. */
function rate(work: () => number): number {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    best = Math.max(best, work() / ((performance.now() - start) / 1000));
  }
  return best;
}

function parsing(path: string): void {
  const bytes = readFileSync(path);
  const now = new Date();
  const lines = bytes.toString('latin1').split('\n');
  const rates = {
    counted: rate(() => countByCounter(bytes, true)),
    'counted without templates': rate(() => countByCounter(bytes, false)),
    'a strict regular expression': rate(() => countByExpression(bytes)),
    'every field (explain)': rate(() => lines.reduce((sum, line) => sum + (parseLine(line, { now }).entry ? 1 : 0), 0)),
  };
  for (const [name, perSecond] of Object.entries(rates)) {
    console.log(`netfilter lines, ${name}: ${(perSecond / 1e6).toFixed(2)} M/s`);
  }
  const ratio = rates.counted / rates['a strict regular expression'];
  console.log(`counted against the expression: ${ratio.toFixed(2)} times as fast (goal 2; and 2 M/s)`);
}

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-bench-'));
try {
  const [large, small, dense] = ['large', 'small', 'dense'].map((name) => join(folder, name));
  if (large === undefined || small === undefined || dense === undefined) throw new Error('no names');
  writeLog(dense, { bytes: (megabytes * 1e6) / 10, packets: 1 });
  parsing(dense);
  // fwlogwatch takes longer the more packets there are; we hardly do.
  for (const packets of [0.02, 0.05, 0.3]) {
    writeLog(small, { bytes: (megabytes * 1e6) / 10, packets });
    const title = `${megabytes / 10} MB with ${packets * 100} % packets against fwlogwatch`;
    reportPair(title, await compare([...logs, small], ['fwlogwatch', small], rounds), 5);
  }
  writeLog(large, { bytes: megabytes * 1e6, packets: 0.05 });
  const grep = await compare([...logs, large], ['grep', '-c', 'OUT=lo', large], rounds);
  reportPair(`${megabytes} MB against grep -c OUT=lo`, grep, 1);
} finally {
  rmSync(folder, { recursive: true });
}
