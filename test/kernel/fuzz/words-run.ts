// A run of the fuzzer for the words: random servers by the seed, several labs at once, each conclusion held against the kernel.
import { randomFrom } from './random.ts';
import { randomServer, type WordsServer } from './words-server.ts';
import { type Conclusion, tryServer, type WordsResult } from './words-trial.ts';

type Concluded = Extract<WordsResult, { kind: 'concluded' }>;

/** A server about which the walk said what is not so. */
export type WordsFault = { readonly number: number; readonly server: WordsServer; readonly result: Concluded };

export type WordsFigures = {
  servers: number;
  /** Commands that worked, that the firewall stopped, and that failed by something else. */
  works: number;
  stopped: number;
  otherwise: number;
  /** Of those that the firewall stopped: how many were blamed on it; of all: what was concluded. */
  found: number;
  readonly conclusions: Record<Conclusion, number>;
  readonly faults: WordsFault[];
  readonly complaints: string[];
  seconds: number;
};

export type WordsOptions = {
  readonly n: number;
  readonly seed: number;
  readonly programs: ReadonlySet<string>;
  readonly lanes?: number;
  /** No server is begun after so many. */
  readonly seconds?: number;
  /** Only this server of the run. */
  readonly only?: number;
};

/** Tries so many servers; what seems wrong is tried a second time, since a busy machine is late now and then. */
export async function fuzzWords({
  n,
  seed,
  programs,
  lanes = 3,
  seconds = Infinity,
  only,
}: WordsOptions): Promise<WordsFigures> {
  const start = performance.now();
  const figures: WordsFigures = {
    servers: 0,
    works: 0,
    stopped: 0,
    otherwise: 0,
    found: 0,
    conclusions: { blamed: 0, acquitted: 0, open: 0 },
    faults: [],
    complaints: [],
    seconds: 0,
  };
  let next = only ?? 0;
  const end = only === undefined ? n : only + 1;
  const lane = async () => {
    while (next < end && performance.now() - start < seconds * 1000) {
      const number = next++;
      // The mark must not be part of another run's.
      const mark = `w${process.pid.toString(36)}x${number.toString(36)}z`;
      const random = randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b));
      const server = randomServer(random, `${mark}: `.trim(), programs);
      count(figures, number, server, await tryTwice(server, mark));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { ...figures, seconds: (performance.now() - start) / 1000 };
}

async function tryTwice(server: WordsServer, mark: string): Promise<WordsResult> {
  const result = await attempt(server, mark);
  if (result.kind === 'concluded' && result.wrong === null) return result;
  return attempt(server, `${mark}b`);
}

/** A walk that breaks is a complaint, and no reason to end the run. */
async function attempt(server: WordsServer, mark: string): Promise<WordsResult> {
  try {
    return await tryServer(server, mark);
  } catch (error) {
    return { kind: 'not loaded', complaint: error instanceof Error ? `${error.stack}` : `${error}` };
  }
}

function count(figures: WordsFigures, number: number, server: WordsServer, result: WordsResult): void {
  if (result.kind === 'not loaded') {
    figures.complaints.push(`${number}: ${result.complaint}`);
    return;
  }
  figures.servers++;
  figures.works += Number(result.works);
  figures.stopped += Number(result.stopped);
  figures.otherwise += Number(!result.works && !result.stopped);
  figures.found += Number(result.stopped && result.conclusion === 'blamed');
  figures.conclusions[result.conclusion]++;
  if (result.wrong !== null) figures.faults.push({ number, server, result });
}
