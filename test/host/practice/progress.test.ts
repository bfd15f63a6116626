// What was practised is kept in the user's state directory; what somebody else has put there is neither believed nor written over.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { keepProgress, progressDirectory, readProgress } from '../../../src/host/practice/progress.ts';

const root = mkdtempSync(join(tmpdir(), 'lo-doctor-progress-'));
afterAll(() => rmSync(root, { recursive: true }));
let places = 0;
const place = (): string => {
  places += 1;
  return join(root, `${places}`, 'lo-doctor');
};

const ended = (at: string, isSolved: boolean) => ({
  ...{ scenario: 'mail', at, outcome: isSolved ? 'fixed' : 'unfixed', isSolved, hints: 1 },
  ...{ found: ['a'], missed: [] },
});

test('the directory is that of the specification', () => {
  expect(progressDirectory({ XDG_STATE_HOME: '/state', HOME: '/home/x' })).toBe('/state/lo-doctor');
  expect(progressDirectory({ XDG_STATE_HOME: 'relative', HOME: '/home/x' })).toBe('/home/x/.local/state/lo-doctor');
  expect(progressDirectory({ HOME: '' })).toBe(null);
});

test('a scenario that was solved once stays solved, and each try counts', () => {
  const directory = place();
  expect(readProgress(directory)).toEqual([]);
  expect(keepProgress(directory, ended('2026-11-22T18:00:00.000Z', true))).toBe(true);
  expect(keepProgress(directory, ended('2026-11-22T19:00:00.000Z', false))).toBe(true);
  expect(readProgress(directory)).toEqual([
    { ...ended('2026-11-22T19:00:00.000Z', false), tries: 2, solvedAt: '2026-11-22T18:00:00.000Z' },
  ]);
});

describe('what is no progress of ours', () => {
  test.each([
    ['no JSON', 'rm -rf'],
    ['another schema', '{"schema":"x","entries":[]}'],
    ['a wrong type', '{"schema":"lo-doctor.progress/1","entries":[{"scenario":5}]}'],
    ['too long', `{"schema":"lo-doctor.progress/1","entries":[],"x":"${'x'.repeat(1_000_001)}"}`],
    ['deeply nested', '['.repeat(100_000)],
  ])('%s is not read, and stays as it is', (_, text) => {
    const directory = place();
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'practice.json'), text);
    expect(readProgress(directory)).toBe(null);
    expect(keepProgress(directory, ended('2026-11-22T18:00:00.000Z', true))).toBe(false);
    expect(readFileSync(join(directory, 'practice.json'), 'utf8')).toBe(text);
  });

  test('a link is not followed, neither to read nor to write', () => {
    const directory = place();
    mkdirSync(directory, { recursive: true });
    const elsewhere = join(root, 'elsewhere');
    writeFileSync(elsewhere, '{"schema":"lo-doctor.progress/1","entries":[]}');
    symlinkSync(elsewhere, join(directory, 'practice.json'));
    expect(readProgress(directory)).toBe(null);
    expect(keepProgress(directory, ended('2026-11-22T18:00:00.000Z', true))).toBe(false);
    const link = place();
    mkdirSync(join(link, '..'), { recursive: true });
    symlinkSync(directory, link);
    rmSync(join(directory, 'practice.json'));
    expect(keepProgress(link, ended('2026-11-22T18:00:00.000Z', true))).toBe(false);
  });

  test('a place that is a file keeps nothing, and says so', () => {
    const directory = place();
    mkdirSync(join(directory, '..'), { recursive: true });
    writeFileSync(directory, '');
    chmodSync(directory, 0o600);
    expect(keepProgress(directory, ended('2026-11-22T18:00:00.000Z', true))).toBe(false);
  });
});
