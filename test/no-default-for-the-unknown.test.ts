// `?? 0`, `?? ''` and `?? -1` look the same whether the thing is known to be there, or nothing stands for none, or it is not known. In its
// place: `at` (src/at.ts) for what can't be missing, a constant with the tool's word for what the tool takes where nothing is said, null else.
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { expect, test } from 'vitest';

/** How many each room may still have; a room that is not named has none. Only ever lowered. */
const STILL: Readonly<Record<string, number>> = {
  log: 54,
  diagnosis: 25,
  host: 82,
  commands: 2,
  work: 3,
  words: 5,
  steps: 4,
  naming: 1,
  report: 2,
  wizard: 1,
  faces: 2,
  options: 1,
  probe: 1,
  completion: 3,
  'cli.tsx': 1,
};

const root = join(import.meta.dirname, '..', 'src');
const DEFAULT = /\?\?=? (?:0|''|-1)(?![\w.])/;

test('no room takes a default for what is not known more often than it did', () => {
  const counts: Record<string, number> = {};
  for (const file of globSync('**/*.{ts,tsx}', { cwd: root })) {
    const [room = file] = file.split(sep);
    const found = readFileSync(join(root, file), 'utf8')
      .split('\n')
      .filter((line) => DEFAULT.test(line)).length;
    counts[room] = (counts[room] ?? 0) + found;
  }
  expect(Object.entries(counts).filter(([room, count]) => count > (STILL[room] ?? 0))).toEqual([]);
});
