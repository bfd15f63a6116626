// What the user has practised, in the user's own state directory. What stands there may have been written by anybody: it is input.
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeOutput } from '../files/write-output.ts';

const texts = z.array(z.string().max(2000)).max(50);

const entry = z.object({
  scenario: z.string().max(64),
  at: z.iso.datetime(),
  /** When it was solved first; null: not yet. */
  solvedAt: z.iso.datetime().nullable(),
  tries: z.int().min(1).max(1_000_000),
  outcome: z.string().max(64),
  isSolved: z.boolean(),
  hints: z.int().min(0).max(100),
  found: texts,
  missed: texts,
});

const progress = z.object({ schema: z.literal('lo-doctor.progress/1'), entries: z.array(entry).max(500) });

/** How the last try of a scenario ended, and whether one has solved it. */
export type ProgressEntry = z.infer<typeof entry>;

/** A file of this size is nobody's progress. */
const MOST_BYTES = 1_000_000;

/** Where it is kept (XDG Base Directory Specification); null where the environment names no such place. */
export const progressDirectory = ({ XDG_STATE_HOME: state, HOME: home }: NodeJS.ProcessEnv): string | null => {
  // The specification: a path that is not absolute is to be ignored.
  if (state?.startsWith('/')) return join(state, 'lo-doctor');
  return home?.startsWith('/') ? join(home, '.local', 'state', 'lo-doctor') : null;
};

const FILE = 'practice.json';

const isOwn = (uid: number): boolean => process.getuid === undefined || uid === process.getuid();

/** The text of a file of the user's own, followed through no link; null: there is none. Throws where there is anything else. */
const readOwn = (path: string): string | null => {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile() || !isOwn(found.uid) || found.size > MOST_BYTES) throw new Error('it is no file of your own');
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
};

/** What was practised so far; null where that can't be read: then it must not be written over either. */
export const readProgress = (directory: string): readonly ProgressEntry[] | null => {
  try {
    const text = readOwn(join(directory, FILE));
    return text === null ? [] : progress.parse(JSON.parse(text)).entries;
  } catch {
    return null;
  }
};

/** Keeps the end of a try; whether that could be done. */
export const keepProgress = (directory: string, ended: Omit<ProgressEntry, 'solvedAt' | 'tries'>): boolean => {
  const before = readProgress(directory);
  if (before === null) return false;
  const last = before.find(({ scenario }) => scenario === ended.scenario);
  const solvedAt = last?.solvedAt ?? (ended.isSolved ? ended.at : null);
  const tries = last === undefined ? 1 : last.tries + 1;
  const entries = [...before.filter((one) => one !== last), { ...ended, solvedAt, tries }];
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const found = lstatSync(directory);
    if (!found.isDirectory() || !isOwn(found.uid)) return false;
    writeOutput(join(directory, FILE), `${JSON.stringify({ schema: 'lo-doctor.progress/1', entries }, null, 1)}\n`);
    return true;
  } catch {
    return false;
  }
};
