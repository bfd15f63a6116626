// How much the wizard writes, and how soon its first frame stands, beside Ink's defaults in the same run:
// node test/bench/screen.ts [--rounds 11]. What is captured needs root, as the kernel tests do.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { build } from 'esbuild';
import type { Command } from '../kernel/lab.ts';
import { startMailServer } from '../terminal/mail-server.ts';
import { median } from './compare.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '11' } } });
const rounds = Number(values.rounds);

/** At the most so much for 10 s of 12 entries a second; the first frame at the most so many times as late as Ink's hello. */
const GOALS = { kilobytes: 10, first: 1.2 };
const SECONDS = 10;
const RATE = 12;

/** A program in a terminal of its own; all that it writes is counted. */
function open(command: string, inside: (command: Command) => Command = (one) => one) {
  const [program, ...args] = inside(['script', '-qfec', `stty cols 80 rows 24; exec ${command}`, '/dev/null']);
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: '/root', LANG: 'C.UTF-8', TERM: 'xterm-256color' },
  });
  let [output, bytes] = ['', 0];
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    output += chunk.toString();
  });
  return {
    child,
    countBytes: () => bytes,
    saw: async (text: string): Promise<void> => {
      for (const end = Date.now() + 30_000; Date.now() < end; await sleep(1))
        if (stripVTControlCharacters(output).includes(text)) return;
      throw new Error(`no "${text}" in\n${stripVTControlCharacters(output).slice(-2000)}`);
    },
    forget: () => {
      output = '';
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.kill('SIGTERM');
  await closed;
}

/** Milliseconds from the start to the text. */
async function timeTo(command: string, text: string): Promise<number> {
  const start = performance.now();
  const opened = open(command);
  await opened.saw(text);
  const time = performance.now() - start;
  await end(opened.child);
  return time;
}

async function compareFirstFrames(yardstick: string): Promise<void> {
  const times = { own: [] as number[], hello: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const own = await timeTo(`${process.execPath} dist/lo-doctor.js practice mail`, 'Looking at the firewall');
    const hello = await timeTo(`${process.execPath} ${yardstick} hello`, 'hello');
    // The first one is not counted.
    if (round > 0) times.own.push(own);
    if (round > 0) times.hello.push(hello);
  }
  const [own, hello] = [median(times.own), median(times.hello)];
  console.log(
    `first frame: ${own.toFixed(0)} ms against ${hello.toFixed(0)} ms of a bundled Ink hello: ${(own / hello).toFixed(2)} times as long (goal ${GOALS.first})`,
  );
}

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);

/** Sends so many packets a second to ports from 40000 on; so many ports in turn. */
const send = (ports: number): string =>
  `for i in $(seq ${SECONDS * RATE}); do echo x >/dev/udp/127.0.0.1/$((40000 + i % ${ports})); sleep ${1 / RATE}; done 2>/dev/null`;

async function countCapture(yardstick: string): Promise<void> {
  const output = ['-A OUTPUT -o lo -j LOG --log-prefix "OUT-DROP: "', '-A OUTPUT -j DROP'];
  await using lab = await startMailServer({ ip: { output }, log: 'syslog' }, { kernelLog: 'own' });
  const wizard = open(`${process.execPath} dist/lo-doctor.js`, lab.inside);
  for (const [page, key] of [
    ['blocks loopback traffic', '\r'],
    ['What fails?', '6'],
    ['Watching the log', ''],
  ] as const) {
    await wizard.saw(page);
    await sleep(300);
    wizard.child.stdin.write(key);
  }
  await sleep(1000);
  const count = async (run: () => Promise<unknown>): Promise<number> => {
    const before = wizard.countBytes();
    await run();
    await sleep(1500);
    return wizard.countBytes() - before;
  };
  const idle = await count(() => sleep(SECONDS * 1000));
  const few = await count(() => lab.exec(['bash', '-c', send(4)], { timeout: 60_000 }));
  const many = await count(() => lab.exec(['bash', '-c', send(1000)], { timeout: 60_000 }));
  const ink = open(`${process.execPath} ${yardstick} list`);
  await sleep(SECONDS * 1000);
  const defaults = ink.countBytes();
  await end(ink.child);
  console.log(
    `${SECONDS} s of ${RATE} entries a second: ${kilobytes(few)} kB, each of another port ${kilobytes(many)} kB (goal ${GOALS.kilobytes}) against ${kilobytes(defaults)} kB of Ink's defaults; idle ${idle} bytes (goal 0)`,
  );
}

const directory = await mkdtemp(join(import.meta.dirname, '.screen-'));
try {
  const yardstick = join(directory, 'ink.mjs');
  const empty = join(directory, 'empty.mjs');
  await writeFile(empty, 'export default {};\n');
  await build({
    entryPoints: [join(import.meta.dirname, 'ink-yardstick.tsx')],
    outfile: yardstick,
    bundle: true,
    platform: 'node',
    format: 'esm',
    minify: true,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    alias: { 'react-devtools-core': empty },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  await compareFirstFrames(yardstick);
  if (process.getuid?.() !== 0) console.log('bytes of a live capture: skipped, needs root');
  else await countCapture(yardstick);
} finally {
  await rm(directory, { recursive: true });
}
