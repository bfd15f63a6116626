// Where the kernel and the evaluator say different things, and the smallest ruleset where they still do.
import type { Attempt } from '../agent.ts';
import { judge, parseDumps } from './judge.ts';
import { type Answer, type Dump, openKernel } from './kernel.ts';
import type { KernelLog } from './kernel-log.ts';
import type { Layer } from './rulesets.ts';

/** What the evaluator said; `error` where it threw. */
export type Judgement = {
  readonly outcome: 'works' | 'blocked' | 'unknown';
  readonly logged: 'yes' | 'no' | 'maybe';
  readonly error: string | null;
  /** What it did not know. */
  readonly doubts: readonly string[];
};

export type Disagreement = {
  readonly layers: readonly Layer[];
  readonly dumps: readonly Dump[];
  readonly attempt: Attempt;
  readonly kernel: Pick<Answer, 'outcome' | 'logged' | 'lines'>;
  readonly evaluator: Judgement;
};

/** What the kernel answered, and what the evaluator makes of it. */
export type Judged = { readonly answer: Answer; readonly judgement: Judgement };

/** Has the evaluator judge each of the kernel's answers. */
export function judgeAll(dumps: readonly Dump[], answers: readonly Answer[]): Judged[] {
  const ruleset = attemptTo(() => parseDumps(dumps));
  return answers.map((answer) => {
    if ('error' in ruleset) return { answer, judgement: failed(ruleset.error) };
    const trace = attemptTo(() => judge(ruleset.value, answer.attempt));
    if ('error' in trace) return { answer, judgement: failed(trace.error) };
    const { outcome, logged, unknown } = trace.value;
    const doubts = unknown.map(({ rule, what }) => `${rule.text}: ${what}`);
    // Whether somebody off this host answers is not the evaluator's to know.
    return { answer, judgement: { outcome: outcome === 'leaves' ? 'unknown' : outcome, logged, error: null, doubts } };
  });
}

/** The evaluator may fail; that is a finding as well. */
function attemptTo<Value>(work: () => Value): { readonly value: Value } | { readonly error: string } {
  try {
    return { value: work() };
  } catch (error) {
    return { error: error instanceof Error ? `${error.stack}` : `${error}` };
  }
}

function failed(error: string): Judgement {
  return { outcome: 'unknown', logged: 'maybe', error, doubts: [] };
}

/** Whether the evaluator is wrong about this answer. To say that it can't know is not wrong. */
export function isWrong({ outcome, logged }: Answer, judgement: Judgement): boolean {
  if (judgement.error !== null) return true;
  return (
    (judgement.outcome !== 'unknown' && judgement.outcome !== outcome) ||
    (judgement.logged !== 'maybe' && judgement.logged !== logged)
  );
}

/** Loads the layers into a fresh lab and has the one conversation again. Null when they agree, or the rules don't load. */
export async function findDisagreement(
  log: KernelLog,
  layers: readonly Layer[],
  attempt: Attempt,
  prefix: string,
): Promise<Disagreement | null> {
  await using kernel = await openKernel(log);
  const loaded = await kernel.load(layers);
  if ('complaint' in loaded) return null;
  const answers = await kernel.converse([attempt], prefix, 700);
  const [judged] = judgeAll(loaded.dumps, answers ?? []);
  if (judged === undefined || !isWrong(judged.answer, judged.judgement)) return null;
  return { layers, dumps: loaded.dumps, attempt, kernel: judged.answer, evaluator: judged.judgement };
}

/** Leaves out whole layers, halves of their lines, and so on down to single lines, as long as kernel and evaluator go on disagreeing. */
export async function shrink(log: KernelLog, found: Disagreement, prefix: string): Promise<Disagreement> {
  for (const layers of smallerThan(found.layers)) {
    const still = await findDisagreement(log, layers, found.attempt, prefix);
    if (still !== null) return shrink(log, still, prefix);
  }
  return found;
}

/** First without whole layers, then without halves, quarters and so on of a layer's lines. */
export function* smallerThan(layers: readonly Layer[]): Generator<Layer[]> {
  for (const left of layers) yield layers.filter((layer) => layer !== left);
  for (const layer of layers) {
    const removable = layer.lines.filter((line) => /^-A|^add (rule|set|map|chain)/.test(line));
    for (let size = Math.ceil(removable.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let start = 0; start < removable.length; start += size) {
        const without = new Set(removable.slice(start, start + size));
        const smaller = { ...layer, lines: layer.lines.filter((line) => !without.has(line)) };
        yield layers.map((each) => (each === layer ? smaller : each));
      }
    }
  }
}
