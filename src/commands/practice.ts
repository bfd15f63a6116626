// The practice server: a host in memory, the list of its scenarios, and what came of those that were practised.
import type { Host } from '../host/host.ts';
import { listScenarios, practiceHost } from '../host/practice/practice-host.ts';
import { keepProgress, type ProgressEntry, progressDirectory, readProgress } from '../host/practice/progress.ts';
import { EXIT } from '../options/exit-codes.ts';
import { debriefOf } from '../wizard/debrief.ts';
import type { Case, Outcome, Story } from '../wizard/state.ts';
import { printable } from '../words/printable.ts';
import type { Io } from './io.ts';

type Output = Pick<Io, 'stdout' | 'stderr'>;

/** The server of a scenario at its beginning. A HostError for a scenario that is none. */
export const openPractice = (scenario: string, { now }: Io): Host => practiceHost(scenario, { now });

/** What there is to know of a scenario; null for one that is none. */
export const storyOf = (scenario: string): Story | null => {
  const all = listScenarios();
  const place = all.findIndex(({ id }) => id === scenario);
  const found = all[place];
  return found === undefined ? null : { ...found, next: all[place + 1]?.id ?? null };
};

/** Whether there is a scenario of that name. */
export const isScenario = (id: string): boolean => listScenarios().some((scenario) => scenario.id === id);

/** What was practised, as far as it is kept; a sentence where that can't be read. */
const readKept = (env: NodeJS.ProcessEnv, { stderr }: Output): readonly ProgressEntry[] => {
  const directory = progressDirectory(env);
  if (directory === null) return [];
  const kept = readProgress(directory);
  if (kept === null)
    stderr(`lo-doctor: What was practised can't be read: ${printable(directory)}/practice.json is not lo-doctor's.\n`);
  return kept ?? [];
};

/** Prints the scenarios with their level and lesson: one a paragraph, or as a document. Neither tells what is wrong. */
export const listPractice = (io: Output, json: boolean, env: NodeJS.ProcessEnv): number => {
  const kept = readKept(env, io);
  const solvedAt = (id: string) => kept.find(({ scenario }) => scenario === id)?.solvedAt ?? null;
  const scenarios = listScenarios().map(({ id, title, level, lesson, symptom, command, story }) => ({
    ...{ id, title, level, lesson, symptom, command, story },
    solvedAt: solvedAt(id),
  }));
  if (json) io.stdout(`${JSON.stringify({ schema: 'lo-doctor.scenarios/1', scenarios })}\n`);
  else {
    const indent = ' '.repeat(19);
    for (const { id, title, level, lesson, symptom, solvedAt } of scenarios)
      io.stdout(
        `${id.padEnd(19)}${level}${solvedAt === null ? '' : ', solved'}: ${title}\n${indent}${symptom}\n${indent}Lesson: ${lesson}\n`,
      );
    const solved = scenarios.filter((one) => one.solvedAt !== null).length;
    io.stdout(`\n${solved} of ${scenarios.length} solved. lo-doctor practice SCENARIO begins one.\n`);
  }
  return EXIT.done;
};

/** Prints the debriefs that are kept, or that of one scenario, each with how it goes by hand. */
export const printDebriefs = (io: Output, scenario: string | null, json: boolean, env: NodeJS.ProcessEnv): number => {
  const debriefs = readKept(env, io).flatMap((entry) => {
    const story = storyOf(entry.scenario);
    if (story === null || (scenario !== null && scenario !== entry.scenario)) return [];
    const { cause, lesson, byHand, isDecoy } = story;
    return [{ ...entry, isDecoy, cause, lesson, byHand }];
  });
  if (json) io.stdout(`${JSON.stringify({ schema: 'lo-doctor.debriefs/1', debriefs })}\n`);
  else if (debriefs.length === 0) io.stdout('Nothing was practised yet, or it is not kept here.\n');
  else
    for (const { scenario, isSolved, hints, cause, found, missed, byHand, lesson } of debriefs) {
      const lines = [
        `${scenario}: ${isSolved ? 'solved' : 'not solved yet'}, with ${hints} hints. ${cause}`,
        ...(found.length === 0 ? [] : [`  Found: ${found.join('; ')}`]),
        ...missed.map((one) => `  Missed: ${one}`),
        ...byHand.map((one) => `  By hand: ${one}`),
        `  Lesson: ${lesson}.`,
      ];
      io.stdout(lines.map((line) => `${printable(line)}\n`).join(''));
    }
  return EXIT.done;
};

/** Keeps what came of a scenario; whether it was solved. */
export const endPractice = (
  story: Story,
  walk: Case,
  outcome: Outcome,
  { now, env, stderr }: Pick<Io, 'now' | 'stderr'> & { env: NodeJS.ProcessEnv },
): boolean => {
  const { scenario, isSolved, hints, found, missed } = debriefOf(story, walk, outcome);
  const directory = progressDirectory(env);
  const entry = { scenario, at: now().toISOString(), outcome, isSolved, hints, found: [...found], missed: [...missed] };
  if (directory !== null && !keepProgress(directory, entry))
    stderr(
      `lo-doctor: What was practised is not kept: ${printable(directory)} can't be written, or is not your own.\n`,
    );
  return isSolved;
};
