// `npm run drill`: the fault matrix, another writer, confirm at the deadline, hostile strings; its table, and what each thing was that went wrong.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { allStrikes, drillFaults, PROGRAMS } from './drill/faults.ts';
import { countBad, type Figures, printTable } from './drill/figures.ts';
import { drillHostileStrings } from './drill/hostile-strings.ts';
import { drillInterleavings } from './drill/interleavings.ts';
import { drillRaces } from './drill/races.ts';

const { values } = parseArgs({
  options: {
    /** How many strikes of the matrix (0: all), races and interleavings. */
    strikes: { type: 'string', default: '0' },
    races: { type: 'string', default: '200' },
    interleavings: { type: 'string', default: '200' },
    parallel: { type: 'string', default: '3' },
    only: { type: 'string', default: 'faults,interleavings,races,strings' },
  },
});
const parts = values.only.split(',');
const all = allStrikes();
const wanted = Number(values.strikes) || all.length;
// Spread over the whole matrix.
const strikes = all.filter(
  (_, at) => Math.floor((at * wanted) / all.length) > Math.floor(((at - 1) * wanted) / all.length),
);

execFileSync(process.execPath, ['esbuild.config.js'], { stdio: 'ignore' });
const figures: Figures[] = [];
let done = 0;
const tell = () =>
  process.stderr.write(`\r${++done} of ${strikes.length} strikes (${Object.keys(PROGRAMS).join(', ')})`);
if (parts.includes('faults')) figures.push(...(await drillFaults(strikes, Number(values.parallel), tell)));
if (parts.includes('interleavings')) figures.push(await drillInterleavings(Number(values.interleavings)));
if (parts.includes('races')) figures.push(await drillRaces(Number(values.races)));
if (parts.includes('strings')) figures.push(await drillHostileStrings());
console.log(`\n${printTable(figures)}`);
for (const { notes } of figures) for (const note of notes) console.log(`\n${note}`);
process.exitCode = figures.some((one) => countBad(one) > 0) ? 1 : 0;
