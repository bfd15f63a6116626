// A run of the fixes' fuzzer: failing rulesets by the seed, several labs at once, each fixed and unfixed for real.
import type { Attempt } from '../agent.ts';
import { type Lab, startLab } from '../lab.ts';
import { smallerThan } from './disagreement.ts';
import { type FailingKind, randomFailingRuleset } from './failing-rulesets.ts';
import { type FixResult, type FixTrial, tryFix } from './fix-trial.ts';
import type { Complaint } from './judge-plan.ts';
import type { Dump } from './kernel.ts';
import { randomFrom } from './random.ts';
import { isLegacy } from './rulesets.ts';
import { randomAttempt, services } from './server.ts';

export type FixFigures = {
  /** Rulesets loaded; those under which nothing failed; those with a plan; those where all that filter rules had stopped passes afterwards. */
  rulesets: number;
  healthy: number;
  planned: number;
  wholly: number;
  /** Rules added, by all plans. */
  added: number;
  /** Plans that the product itself has applied and taken back; the others' commands were run. */
  whole: number;
  /** Conversations that filter rules stopped; repaired; foretold to stay as they are. What failed otherwise (NAT). */
  blocked: number;
  repaired: number;
  foretold: number;
  otherwise: number;
  /** Conversations that failed again when the last rule of their fix was left out. */
  missed: number;
  readonly reasons: Map<string, number>;
  readonly kinds: Map<FailingKind, number>;
  readonly complaints: Map<string, number>;
  readonly failures: Failure[];
  readonly notLoaded: string[];
  seconds: number;
};

/** A ruleset and what is wrong with its fix. */
export type Failure = {
  readonly seed: number;
  readonly number: number;
  readonly kind: FailingKind;
  readonly complaint: Complaint;
  readonly trial: FixTrial;
  readonly dumps: readonly Dump[];
};

export type FixRunOptions = {
  readonly n: number;
  readonly seed: number;
  readonly lanes?: number;
  /** Only this trial of the run. */
  readonly only?: number;
  /** No ruleset is begun after so many seconds. */
  readonly seconds?: number;
  /** How many failures are made small. */
  readonly most?: number;
};

const PER_RULESET = 30;
/** The share of trials that the product's whole work is done in. */
const WHOLE = 0.15;

/** Runs as many rulesets as asked for. */
export async function fuzzFix({
  n,
  seed,
  lanes = 3,
  only,
  most = 0,
  seconds = Number.POSITIVE_INFINITY,
}: FixRunOptions): Promise<FixFigures> {
  const start = performance.now();
  const figures: FixFigures = {
    ...{
      rulesets: 0,
      healthy: 0,
      whole: 0,
      planned: 0,
      wholly: 0,
      added: 0,
      blocked: 0,
      repaired: 0,
      foretold: 0,
      otherwise: 0,
      missed: 0,
      seconds: 0,
    },
    ...{ reasons: new Map(), kinds: new Map(), complaints: new Map(), failures: [], notLoaded: [] },
  };
  let next = only ?? 0;
  const last = only === undefined ? n : only + 1;
  const lane = async () => {
    let bench: Bench | null = null;
    while (next < last && performance.now() - start < seconds * 1000) {
      const number = next++;
      const { kind, trial } = randomTrial(seed, number);
      bench ??= await openBench();
      const result = await bench.run(trial);
      count(figures, { seed, number, kind, trial }, result);
      if (!bench.isWorn() && !trial.layers.some(isLegacy)) continue;
      await bench.close();
      bench = null;
    }
    await bench?.close();
  };
  await Promise.all(Array.from({ length: Math.min(lanes, last - next) }, lane));
  for (const [at, failure] of figures.failures.entries()) if (at < most) figures.failures[at] = await shrink(failure);
  figures.seconds = (performance.now() - start) / 1000;
  return figures;
}

/** The run's trial of this number. */
function randomTrial(seed: number, number: number): { kind: FailingKind; trial: FixTrial } {
  const random = randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b));
  const { kind, layers } = randomFailingRuleset(random, `x${number.toString(36)}:`);
  const attempts = Array.from({ length: PER_RULESET }, () => randomAttempt(random, ['ip', 'ip6'], () => FIRST_PORT));
  const choice = random.chance(0.8) ? 'all' : 'services';
  const way = random.chance(WHOLE) ? 'whole' : 'short';
  return { kind, trial: { id: `x${number.toString(36)}`, layers, attempts, choice, way } };
}

/** Clients' ports here: rules of the generators make no difference between them. */
const FIRST_PORT = 12_101;
const LAST_PORT = 19_899;
/** So many ports may be asked for by one trial. */
const MOST_PORTS = 400;

type Bench = { run(trial: FixTrial): Promise<FixResult>; isWorn(): boolean; close(): Promise<void> };

/** A lab with its services. Worn when its clients' ports are used up: a socket may be left at the other end of each. */
async function openBench(): Promise<Bench> {
  const lab = await startLabInTurn();
  await lab.listen(services);
  let port = FIRST_PORT;
  return {
    run: async (trial) => {
      try {
        return await tryFix(lab, trial, () => port++);
      } catch (error) {
        const detail = error instanceof Error ? `${error.stack}` : `${error}`;
        return failed(trial, { kind: 'crash', detail });
      }
    },
    isWorn: () => port > LAST_PORT - MOST_PORTS,
    close: lab.close,
  };
}

/** A test that reads the kernel's log alone may keep all labs waiting for longer than one waits by itself. */
async function startLabInTurn(turns = 5): Promise<Lab> {
  try {
    return await startLab();
  } catch (error) {
    if (turns === 1) throw error;
    return startLabInTurn(turns - 1);
  }
}

function failed({ attempts }: FixTrial, complaint: Complaint): FixResult {
  const counts = { blocked: 0, repaired: 0, foretold: [], otherwise: 0, missed: 0 };
  return { kind: 'planned', dumps: [], plan: null, ...counts, wrong: [{ ...complaint, attempts }] };
}

function count(figures: FixFigures, of: Omit<Failure, 'complaint' | 'dumps'>, result: FixResult): void {
  if (result.kind === 'not loaded') {
    figures.notLoaded.push(result.complaint);
    return;
  }
  figures.rulesets++;
  add(figures.kinds, of.kind);
  if (result.kind === 'healthy') {
    figures.healthy++;
    return;
  }
  const { plan, blocked, repaired, foretold, otherwise, missed, wrong, dumps } = result;
  figures.planned += Number((plan?.changes.length ?? 0) > 0);
  figures.added += plan?.changes.length ?? 0;
  figures.whole += Number(of.trial.way === 'whole' && (plan?.changes.length ?? 0) > 0);
  figures.wholly += Number(blocked > 0 && repaired === blocked);
  figures.blocked += blocked;
  figures.repaired += repaired;
  figures.foretold += foretold.length;
  figures.otherwise += otherwise;
  figures.missed += missed;
  for (const reason of foretold) add(figures.reasons, reason);
  for (const kind of new Set(wrong.map(({ kind }) => kind))) add(figures.complaints, kind);
  const [first] = wrong;
  if (first === undefined) return;
  const { attempts, ...complaint } = first;
  figures.failures.push({ ...of, complaint, dumps, trial: { ...of.trial, attempts } });
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The failure with fewer rules, as long as it fails in the same way. */
async function shrink(failure: Failure): Promise<Failure> {
  for (const trial of [...fewerAttempts(failure.trial), ...fewerLines(failure.trial)]) {
    const still = await stillFails(failure, trial);
    if (still !== null) return shrink(still);
  }
  return failure;
}

function fewerAttempts(trial: FixTrial): FixTrial[] {
  const { attempts } = trial;
  const half = Math.ceil(attempts.length / 2);
  const parts: (readonly Attempt[])[] = [attempts.slice(0, half), attempts.slice(half)];
  return attempts.length < 2 ? [] : parts.map((part) => ({ ...trial, attempts: part }));
}

function fewerLines(trial: FixTrial): FixTrial[] {
  return [...smallerThan(trial.layers)].map((layers) => ({ ...trial, layers }));
}

async function stillFails(failure: Failure, trial: FixTrial): Promise<Failure | null> {
  const bench = await openBench();
  const result = await bench.run(trial);
  await bench.close();
  if (result.kind !== 'planned') return null;
  const same = result.wrong.find(({ kind }) => kind === failure.complaint.kind);
  return same === undefined ? null : { ...failure, complaint: same, trial, dumps: result.dumps };
}
