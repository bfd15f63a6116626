// A run of the fuzzer: rulesets and conversations by the seed, several labs at once, kernel and evaluator compared.
import type { Attempt } from '../agent.ts';
import { type Disagreement, findDisagreement, isWrong, judgeAll, shrink } from './disagreement.ts';
import { type Kernel, openKernel } from './kernel.ts';
import { type KernelLog, openKernelLog } from './kernel-log.ts';
import { randomFrom } from './random.ts';
import { isLegacy, type Kind, type Layer, randomRuleset } from './rulesets.ts';
import { clientPortsFrom, randomAttempt } from './server.ts';

export type Figures = {
  readonly rulesets: number;
  readonly conversations: number;
  /** Conversations that worked, and that were logged, on the real kernel. */
  readonly works: number;
  readonly logged: number;
  /** Conversations whose outcome, or whether they were logged, the evaluator said it can't know. */
  readonly unknownOutcome: number;
  readonly unknownLogged: number;
  /** What could not be known, most frequent first. */
  readonly doubts: readonly (readonly [doubt: string, count: number])[];
  readonly wrong: number;
  /** The first of what was wrong, each confirmed by a second try and made small. */
  readonly disagreements: readonly Disagreement[];
  /** What tools complained of when they loaded a ruleset: such a ruleset doesn't count. */
  readonly complaints: readonly string[];
  readonly seconds: number;
};

export type RunOptions = {
  readonly conversations: number;
  readonly seed: number;
  readonly kinds: readonly Kind[];
  readonly lanes?: number;
  /** How many disagreements are made small. */
  readonly most?: number;
};

const perRuleset = 40;
/** After so many rulesets client ports come again; by then a fresh lab knows nothing of the old conversations. */
const perRound = 500;

type Tally = { -readonly [name in Exclude<keyof Figures, 'doubts' | 'disagreements' | 'complaints'>]: number } & {
  readonly doubts: Map<string, number>;
  readonly found: (() => Promise<Disagreement | null>)[];
  readonly complaints: string[];
};

/** Runs at least so many conversations. */
export async function fuzz({ conversations, seed, kinds, lanes = 3, most = 12 }: RunOptions): Promise<Figures> {
  const start = performance.now();
  // Other runs at the same time write to the same log.
  const family = `f${process.pid.toString(36)}-`;
  const log = await openKernelLog(family);
  const tally: Tally = {
    ...{
      rulesets: 0,
      conversations: 0,
      works: 0,
      logged: 0,
      unknownOutcome: 0,
      unknownLogged: 0,
      wrong: 0,
      seconds: 0,
    },
    ...{ doubts: new Map(), found: [], complaints: [] },
  };
  for (let first = 0; first * perRuleset < conversations; first += perRound) {
    const last = Math.min(first + perRound, Math.ceil(conversations / perRuleset));
    let next = first;
    const lane = async () => {
      let kernel = await openKernel(log);
      while (next < last) {
        const test = randomTrial(next++, { seed, kinds, family });
        await tryOut(kernel, test, log, tally);
        if (!test.layers.some(isLegacy)) continue;
        await kernel.close();
        kernel = await openKernel(log);
      }
      await kernel.close();
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }
  const disagreements = await settle(tally.found, most);
  await log.close();
  const { found: _found, ...figures } = tally;
  const doubts = [...tally.doubts].sort(([, one], [, other]) => other - one);
  return { ...figures, doubts, disagreements, seconds: (performance.now() - start) / 1000 };
}

/** A ruleset and the conversations to be had under it. */
type Trial = { readonly layers: readonly Layer[]; readonly attempts: readonly Attempt[]; readonly prefix: string };

/** The run's trial of this number. */
function randomTrial(number: number, run: Pick<RunOptions, 'seed' | 'kinds'> & { family: string }): Trial {
  const random = randomFrom(Math.imul(run.seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b));
  const prefix = `${run.family}${number.toString(36)}:`;
  const layers = randomRuleset(random, random.pick(run.kinds), prefix);
  const nextPort = clientPortsFrom(number * perRuleset);
  const attempts = Array.from({ length: perRuleset }, () => randomAttempt(random, ['ip', 'ip6'], nextPort));
  return { layers, attempts, prefix };
}

async function tryOut(
  kernel: Kernel,
  { layers, attempts, prefix }: Trial,
  log: KernelLog,
  tally: Tally,
): Promise<void> {
  const loaded = await kernel.load(layers);
  if ('complaint' in loaded) {
    tally.complaints.push(loaded.complaint);
    return;
  }
  const answers = await kernel.converse(attempts, prefix, 150);
  if (answers === null) {
    tally.complaints.push('the kernel log ran over');
    return;
  }
  tally.rulesets++;
  judgeAll(loaded.dumps, answers).forEach((judgement, place) => {
    const answer = answers[place];
    if (answer === undefined) return;
    tally.conversations++;
    tally.works += Number(answer.outcome === 'works');
    tally.logged += Number(answer.logged === 'yes');
    tally.unknownOutcome += Number(judgement.outcome === 'unknown');
    tally.unknownLogged += Number(judgement.logged === 'maybe');
    for (const doubt of new Set(judgement.doubts)) tally.doubts.set(doubt, (tally.doubts.get(doubt) ?? 0) + 1);
    if (!isWrong(answer, judgement)) return;
    tally.wrong++;
    tally.found.push(async () => {
      const confirmed = await findDisagreement(log, layers, answer.attempt, prefix);
      return confirmed === null ? null : shrink(log, confirmed, prefix);
    });
  });
}

/** Confirms and shrinks what was found, spread over the run, until `most` are done. */
async function settle(found: Tally['found'], most: number): Promise<Disagreement[]> {
  const chosen = found.filter((_, place) => place % Math.ceil(found.length / most) === 0);
  const settled: Disagreement[] = [];
  for (const confirm of chosen) {
    const disagreement = await confirm();
    if (disagreement !== null) settled.push(disagreement);
  }
  return settled;
}
