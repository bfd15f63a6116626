// From the packet's drop to the highlighted line on the wizard's screen, paired with the plain tool that follows the same log:
// node test/bench/latency.ts [--rounds 21] [--program "node dist/lo-doctor.js"]. Needs root, as the kernel tests do.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import type { Command, Lab } from '../kernel/lab.ts';
import { startMailServer } from '../terminal/mail-server.ts';
import { median } from './compare.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '21' },
    program: { type: 'string', default: 'node dist/lo-doctor.js' },
  },
});
const rounds = Number(values.rounds);
const GOAL = 150;

/** What the servers' only log is, and the tool that is the yardstick. */
const LOGS = [
  { log: 'syslog', follow: ['tail', '-n', '0', '-f', '/var/log/syslog'] },
  { log: 'journal', follow: ['journalctl', '-q', '-n', '0', '-f', '-o', 'json'] },
] as const satisfies readonly { log: string; follow: Command }[];

/** A program whose output is watched. */
type Watched = {
  readonly child: ChildProcessWithoutNullStreams;
  /** Milliseconds since the epoch when the text came, counted from the last `forget`; the text may be broken by control sequences. */
  saw(text: string): Promise<number>;
  forget(): void;
};

function watch(lab: Lab, command: Command): Watched {
  const [program, ...args] = lab.inside(command);
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: '/root', LANG: 'C.UTF-8', TERM: 'xterm-256color' },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return {
    child,
    forget: () => {
      output = '';
    },
    saw: async (text) => {
      for (const end = Date.now() + 20_000; Date.now() < end; await once(child.stdout, 'data')) {
        const time = performance.timeOrigin + performance.now();
        if (stripVTControlCharacters(output).includes(text)) return time;
      }
      throw new Error(`no "${text}" in\n${stripVTControlCharacters(output).slice(-2000)}`);
    },
  };
}

/** The wizard in a terminal of its own, on the page that shows new entries as they come. */
async function openWizard(lab: Lab): Promise<Watched> {
  const wizard = watch(lab, ['script', '-qfec', `stty cols 120 rows 40; exec ${values.program}`, '/dev/null']);
  for (const [page, key] of [
    ['blocks loopback traffic', '\r'],
    ['What fails?', '6'],
    ['Watching the log', ''],
  ] as const) {
    await wizard.saw(page);
    await sleep(200);
    wizard.child.stdin.write(key);
  }
  return wizard;
}

/** Sends a packet for each port that it reads, and says when. */
const SEND =
  'while read -r port; do echo "$EPOCHREALTIME sent $port."; echo x >/dev/udp/127.0.0.1/$port; done 2>/dev/null';

async function measure({ log, follow }: (typeof LOGS)[number]): Promise<void> {
  const output = ['-A OUTPUT -o lo -j LOG --log-prefix "OUT-DROP: "', '-A OUTPUT -j DROP'];
  // A journal has the lines of all labs: alone, none of theirs pushes the line off the screen.
  await using lab = await startMailServer({ ip: { output }, log }, { kernelLog: 'own' });
  const wizard = await openWizard(lab);
  const tool = watch(lab, follow);
  const sender = watch(lab, ['bash', '-c', SEND]);
  const delays: { own: number[]; tool: number[] } = { own: [], tool: [] };
  for (let port = 40_000; port <= 40_000 + rounds; port += 1) {
    // More than a second: the screen's line then begins with another time, and is written whole.
    await sleep(1100 + Math.random() * 200);
    for (const watched of [wizard, tool, sender]) watched.forget();
    const seen = Promise.all([wizard.saw(`DPT=${port}`), tool.saw(`DPT=${port} `), sender.saw(`sent ${port}.`)]);
    sender.child.stdin.write(`${port}\n`);
    const [own, other, sent] = await seen;
    // The first one is not counted.
    if (port > 40_000) delays.own.push(own - sent);
    if (port > 40_000) delays.tool.push(other - sent);
  }
  const [own, other] = [median(delays.own), median(delays.tool)];
  const [name] = follow;
  console.log(
    `from drop to screen, ${log}: ${own.toFixed(0)} ms (goal ${GOAL}) against ${other.toFixed(0)} ms of ${name} -f: ${(other / own).toFixed(2)} times as soon`,
  );
}

if (process.getuid?.() !== 0) console.log('from drop to screen: skipped, needs root');
else for (const log of LOGS) await measure(log);
