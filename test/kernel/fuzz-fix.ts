// `npm run fuzz:fix -- --n 1000 --seed 1 [--seconds 600]`: random rulesets that stop loopback, fixed and unfixed by the product on the real kernel.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Failure, type FixFigures, fuzzFix } from './fuzz/fix-run.ts';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    most: { type: 'string', default: '3' },
    lanes: { type: 'string', default: '3' },
    seconds: { type: 'string', default: 'Infinity' },
  },
});
const figures = await fuzzFix({
  n: Number(values.n),
  seed: Number(values.seed),
  lanes: Number(values.lanes),
  most: Number(values.most),
  seconds: Number(values.seconds),
  ...(values.only === undefined ? {} : { only: Number(values.only) }),
});
report(figures);
process.exitCode = figures.failures.length > 0 ? 1 : 0;

function report(run: FixFigures): void {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts].sort(([, one], [, other]) => other - one).map(([what, count]) => `  ${count} × ${what}`);
  const lines = [
    `seed ${values.seed}: ${run.rulesets} rulesets in ${run.seconds.toFixed(0)} s; ${run.healthy} stop nothing, ${run.planned} got a fix, of ${run.added} rules in all (${run.whole} by the product's whole work)`,
    `conversations stopped by filter rules: ${run.blocked}; repaired ${run.repaired}, foretold to stay ${run.foretold}; failing otherwise ${run.otherwise}`,
    `conversations that fail again without the last rule of their fix: ${run.missed}`,
    `rulesets where all that filter rules stopped passes afterwards: ${run.wholly}`,
    ...list(run.reasons),
    `kinds of rulesets`,
    ...list(run.kinds),
    `rulesets with something wrong: ${run.failures.length}`,
    ...list(run.complaints),
    ...(run.notLoaded.length === 0 ? [] : [`not loaded: ${run.notLoaded.length}, first: ${run.notLoaded[0]}`]),
  ];
  console.log(lines.join('\n'));
  if (run.failures.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-fixes-'));
  for (const failure of run.failures) {
    const file = join(folder, `${failure.seed}-${failure.number}.json`);
    writeFileSync(file, `${JSON.stringify(failure, null, 2)}\n`);
    console.log(`\n${file}\n${inWords(failure)}`);
  }
}

function inWords({ kind, complaint, trial }: Failure): string {
  const rules = trial.layers.flatMap((layer) => [
    layer.tool === 'nft' ? '# nft' : `# ${layer.family}tables-${layer.variant}`,
    ...layer.lines.filter((line) => /^-A|^add|^\*|DROP/.test(line)).slice(0, 40),
  ]);
  const detail = complaint.detail.split('\n').slice(0, 12).join('\n');
  return [`${kind}, ${trial.choice}: ${complaint.kind}: ${detail}`, ...rules.map((line) => `  ${line}`)].join('\n');
}
