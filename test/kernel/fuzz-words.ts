// `npm run fuzz:words -- --n 1000 --seed 1`: what the wizard concludes about failing commands on random servers, against the real kernel.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { programsHere } from './fuzz/words-programs.ts';
import { fuzzWords, type WordsFault, type WordsFigures } from './fuzz/words-run.ts';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '3' },
    seconds: { type: 'string', default: 'Infinity' },
    only: { type: 'string' },
  },
});
const figures = await fuzzWords({
  n: Number(values.n),
  seed: Number(values.seed),
  lanes: Number(values.lanes),
  seconds: Number(values.seconds),
  programs: programsHere(),
  ...(values.only === undefined ? {} : { only: Number(values.only) }),
});
report(figures);
process.exitCode = figures.faults.length > 0 ? 1 : 0;

function report(run: WordsFigures): void {
  const faults = (kind: string) => run.faults.filter(({ result }) => result.wrong === kind).length;
  const { blamed, acquitted, open } = run.conclusions;
  const lines = [
    `seed ${values.seed}: ${run.servers} servers in ${run.seconds.toFixed(0)} s`,
    `commands: ${run.works} worked, ${run.stopped} were stopped by the firewall, ${run.otherwise} failed by something else`,
    `concluded: firewall ${blamed} (${run.found} of those that it stopped), something else ${acquitted}, left open ${open}`,
    `false acquittals ${faults('false acquittal')}, false accusations ${faults('false accusation')}`,
    ...(run.complaints.length === 0 ? [] : [`left out: ${run.complaints.length}, first: ${run.complaints[0]}`]),
  ];
  console.log(lines.join('\n'));
  if (run.faults.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-words-'));
  for (const fault of run.faults) {
    const file = join(folder, `${values.seed}-${fault.number}.json`);
    writeFileSync(file, `${JSON.stringify(fault, null, 2)}\n`);
    console.log(`\n${file}\n${inWords(fault)}`);
  }
}

function inWords({ server, result }: WordsFault): string {
  return [
    `${result.wrong}: ${result.why}`,
    `${server.kind}, lo ${server.loIsUp ? 'up' : 'down'}, own log rules ${server.logs ? 'on' : 'off'}`,
    `$ ${server.commandLine}`,
    ...result.words.slice(0, 12).map((line) => `  | ${line}`),
  ].join('\n');
}
