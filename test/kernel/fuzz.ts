// `npm run fuzz:kernel -- --n 10000 --seed 1 [--kind iptables|nft|both]`: the evaluator against the real kernel.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Disagreement } from './fuzz/disagreement.ts';
import type { Kind } from './fuzz/rulesets.ts';
import { type Figures, fuzz } from './fuzz/run.ts';

const kinds: readonly Kind[] = ['iptables', 'nft', 'both'];
const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string' },
    most: { type: 'string', default: '12' },
  },
});
const figures = await fuzz({
  conversations: Number(values.n),
  seed: Number(values.seed),
  kinds: values.kind === undefined ? kinds : kinds.filter((kind) => kind === values.kind),
  most: Number(values.most),
});
report(figures);
process.exitCode = figures.wrong > 0 ? 1 : 0;

function report(run: Figures): void {
  const share = (count: number) => `${count} (${((100 * count) / run.conversations).toFixed(2)} %)`;
  console.log(
    `seed ${values.seed}: ${run.conversations} conversations under ${run.rulesets} rulesets in ${run.seconds.toFixed(0)} s`,
  );
  console.log(`on the kernel: works ${share(run.works)}, logged ${share(run.logged)}`);
  console.log(`the evaluator: wrong ${share(run.wrong)}`);
  console.log(`  unknown outcome ${share(run.unknownOutcome)}, unknown logged ${share(run.unknownLogged)}`);
  for (const [doubt, count] of run.doubts.slice(0, 8)) console.log(`    ${count} × ${doubt}`);
  if (run.complaints.length > 0)
    console.log(`rulesets left out: ${run.complaints.length}, first: ${run.complaints[0]}`);
  if (run.disagreements.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-disagreements-'));
  run.disagreements.forEach((disagreement, number) => {
    const file = join(folder, `${values.seed}-${number}.json`);
    writeFileSync(file, `${JSON.stringify(disagreement, null, 2)}\n`);
    console.log(`\n${file}\n${inWords(disagreement)}`);
  });
}

function inWords({ layers, attempt, kernel, evaluator }: Disagreement): string {
  const { protocol, source, sourcePort, destination, destinationPort, uid } = attempt;
  const rules = layers.flatMap((layer) => [
    layer.tool === 'nft' ? '# nft' : `# ${layer.family}tables-${layer.variant}`,
    ...layer.lines.filter((line) => /^-A|^add|^\*|DROP/.test(line)),
  ]);
  return [
    `${protocol} ${source} ${sourcePort} → ${destination} ${destinationPort}, uid ${uid}`,
    ...rules.map((line) => `  ${line}`),
    `kernel: ${kernel.outcome}, logged ${kernel.logged}`,
    ...kernel.lines.map((line) => `  ${line}`),
    `evaluator: ${evaluator.outcome}, logged ${evaluator.logged}${evaluator.error === null ? '' : `\n${evaluator.error}`}`,
  ].join('\n');
}
