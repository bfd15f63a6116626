// A run of the fuzzer: rulesets and conversations by the seed, several labs at once, kernel and evaluator compared.
import type { Attempt } from '../agent.ts';
import { type Disagreement, findDisagreement, isWrong, type Judged, judgeAll, shrink } from './disagreement.ts';
import { type Dump, type Kernel, openKernel } from './kernel.ts';
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
/** After so many rulesets client ports come again (each has two for a conversation); by then all labs are fresh. */
const perRound = 250;

type Tally = { -readonly [name in Exclude<keyof Figures, 'doubts' | 'disagreements' | 'complaints'>]: number } & {
  readonly doubts: Map<string, number>;
  readonly found: (() => Promise<Disagreement>)[];
  readonly complaints: string[];
};

/** Runs at least so many conversations. */
export async function fuzz({ conversations, seed, kinds, lanes = 3, most = 12 }: RunOptions): Promise<Figures> {
  const start = performance.now();
  // Other runs at the same time write to the same log.
  const family = `f${process.pid.toString(36)}-`;
  const log = await openKernelLog(new RegExp(`^(${family}[^ ]*) `));
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
  const nextPort = clientPortsFrom(2 * number * perRuleset);
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
  const hasty = await converseAndJudge(kernel, loaded.dumps, attempts, prefix, 150);
  // On a busy machine an answer may come late. What seems wrong is tried again, with time.
  const doubtful = hasty?.filter(({ answer, judgement }) => isWrong(answer, judgement)) ?? [];
  const again = doubtful.map(({ answer }) => fromNewPort(answer.attempt));
  const slow = await converseAndJudge(kernel, loaded.dumps, again, prefix, 700);
  if (hasty === null || slow === null) {
    tally.complaints.push('the kernel log ran over');
    return;
  }
  tally.rulesets++;
  for (const one of [...hasty.filter((each) => !doubtful.includes(each)), ...slow]) {
    count(tally, one);
    if (!isWrong(one.answer, one.judgement)) continue;
    const found = {
      layers,
      dumps: loaded.dumps,
      attempt: one.answer.attempt,
      kernel: one.answer,
      evaluator: one.judgement,
    };
    tally.found.push(async () => {
      const confirmed = await findDisagreement(log, layers, found.attempt, prefix);
      return confirmed === null ? found : shrink(log, confirmed, prefix);
    });
  }
}

async function converseAndJudge(
  kernel: Kernel,
  dumps: readonly Dump[],
  attempts: readonly Attempt[],
  prefix: string,
  deadline: number,
): Promise<Judged[] | null> {
  if (attempts.length === 0) return [];
  const answers = await kernel.converse(attempts, prefix, deadline);
  if (answers === null) return null;
  return judgeAll(dumps, answers);
}

/** The same conversation from a port that none has used yet. */
function fromNewPort(attempt: Attempt): Attempt {
  return { ...attempt, sourcePort: attempt.sourcePort + perRuleset };
}

function count(tally: Tally, { answer, judgement }: Judged): void {
  tally.conversations++;
  tally.works += Number(answer.outcome === 'works');
  tally.logged += Number(answer.logged === 'yes');
  tally.unknownOutcome += Number(judgement.outcome === 'unknown');
  tally.unknownLogged += Number(judgement.logged === 'maybe');
  tally.wrong += Number(isWrong(answer, judgement));
  for (const doubt of new Set(judgement.doubts)) tally.doubts.set(doubt, (tally.doubts.get(doubt) ?? 0) + 1);
}

/** Confirms and shrinks some of what was found, spread over the run. What a fresh lab does not show again stays as it was. */
async function settle(found: Tally['found'], most: number): Promise<Disagreement[]> {
  const chosen = found.filter((_, place) => place % Math.ceil(found.length / most) === 0);
  const settled: Disagreement[] = [];
  for (const confirm of chosen) settled.push(await confirm());
  return settled;
}
