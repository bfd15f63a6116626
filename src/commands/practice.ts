// The practice server: a host in memory, and the list of its scenarios.

import type { Host } from '../host/host.ts';
import { listScenarios, practiceHost } from '../host/practice/practice-host.ts';
import { EXIT } from '../options/exit-codes.ts';
import type { Story } from '../wizard/state.ts';
import type { Io } from './io.ts';

/** The server of a scenario at its beginning. A HostError for a scenario that is none. */
export const openPractice = (scenario: string, { now }: Io): Host => practiceHost(scenario, { now });

/** What the user of a scenario's server notices, and the command that fails there. */
export const storyOf = (scenario: string): Story | null => listScenarios().find(({ id }) => id === scenario) ?? null;

/** Whether there is a scenario of that name. */
export const isScenario = (id: string): boolean => listScenarios().some((scenario) => scenario.id === id);

/** Prints the scenarios: one a paragraph, or as a document. */
export const listPractice = (io: Io, json: boolean): number => {
  const scenarios = listScenarios();
  if (json) io.stdout(`${JSON.stringify({ schema: 'lo-doctor.scenarios/1', scenarios })}\n`);
  else
    for (const { id, title, symptom } of scenarios)
      io.stdout(`${id.padEnd(16)}${title}\n${' '.repeat(16)}${symptom}\n`);
  return EXIT.done;
};
