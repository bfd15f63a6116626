// The practice server as a host: all that lo-doctor does to it happens in memory, on any system and without root.

import { type Command, type Follow, type Host, HostError, type RunOptions, type RunResult } from '../host.ts';
import { createQueue } from '../logs/line-queue.ts';
import type { Call, Program } from './program.ts';
import { FOLLOWED, PROGRAMS } from './programs/all-programs.ts';
import type { Scenario, ScenarioSummary } from './scenario.ts';
import { SCENARIOS } from './scenarios/all-scenarios.ts';
import type { As, Server } from './server.ts';
import { startServer } from './start-server.ts';

/** `now` is the real time; `speed` shortens all waiting; `seed` decides ports, packet ids and the noise in the log. */
export type PracticeOptions = { readonly now?: () => Date; readonly speed?: number; readonly seed?: number };

const DEFAULT_TIMEOUT = 30_000;
const NOT_FOUND = 127;

/** The scenarios there are. */
export function listScenarios(): readonly ScenarioSummary[] {
  return SCENARIOS.map(
    ({ id, title, symptom, command, story, level, lesson, isDecoy, cause, hints, byHand }): ScenarioSummary => ({
      ...{ id, title, level, lesson, symptom, command, story },
      ...{ isDecoy, cause, hints, byHand },
    }),
  );
}

/** A server on which the scenario has just begun. A HostError for an id that is none. */
export function practiceHost(id: string, { now = () => new Date(), speed = 1, seed = 1 }: PracticeOptions = {}): Host {
  const server = startServer(findScenario(id), { now, speed, seed, run: runOn });
  return {
    name: server.name,
    run: (command, options) => runOn(server, command, options),
    follow: (command) => followOn(server, command),
  };
}

function findScenario(id: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.id === id);
  if (found !== undefined) return found;
  const known = SCENARIOS.map((scenario) => scenario.id).join(', ');
  throw new HostError(`There is no scenario "${id}".`, { nextSteps: [`Choose one of: ${known}`] });
}

async function runOn(server: Server, command: Command, options: RunOptions & As = {}): Promise<RunResult> {
  const { timeout = DEFAULT_TIMEOUT, signal, onOutput } = options;
  const late = AbortSignal.timeout(timeout);
  const ends = signal === undefined ? late : AbortSignal.any([late, signal]);
  const { code, stdout, stderr } = await programOf(command)(callOf(server, command, options, ends));
  for (const text of [stdout, stderr]) if (text !== '') onOutput?.(text);
  return { code: ends.aborted ? null : code, stdout, stderr, timedOut: late.aborted };
}

function programOf([name]: Command): Program {
  const missing: Program = () => ({
    code: NOT_FOUND,
    stdout: '',
    stderr: `${name}: not found on the practice server\n`,
  });
  return PROGRAMS.get(name.slice(name.lastIndexOf('/') + 1)) ?? missing;
}

function callOf(server: Server, [name, ...args]: Command, options: RunOptions & As, signal: AbortSignal): Call {
  const { input = '', uid = 0, directory = '/root' } = options;
  return { name: name.slice(name.lastIndexOf('/') + 1), args, server, input, uid, directory, signal };
}

function followOn(server: Server, command: Command): Follow {
  const controller = new AbortController();
  const queue = createQueue<string>();
  const stop = () => {
    controller.abort();
    queue.end();
  };
  const follow = FOLLOWED.get(command[0]);
  if (follow !== undefined) follow(callOf(server, command, {}, controller.signal), (line) => void queue.put(line));
  else
    void runOn(server, command, { signal: controller.signal }).then(async ({ stdout }) => {
      for (const line of stdout.split('\n')) if (line !== '') await queue.put(line);
      queue.end();
    });
  return { lines: queue.items, stop };
}
