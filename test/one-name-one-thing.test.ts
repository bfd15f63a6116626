// An exported name stands for one thing in the whole project: whoever searches for it finds that alone.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** The parts of the bundle are run by the same name, by whoever loads one. */
const SHARED: readonly string[] = ['run'];

test('no two files export the same name', () => {
  const homes = new Map<string, string[]>();
  for (const file of globSync('src/**/*.{ts,tsx}', { cwd: root }).toSorted())
    for (const [, name = ''] of readFileSync(join(root, file), 'utf8').matchAll(
      /^export (?:async )?(?:type|const|function\*?|class) (\w+)/gm,
    ))
      homes.set(name, [...(homes.get(name) ?? []), file]);
  expect(homes.size).toBeGreaterThan(1000);
  expect([...homes].filter(([name, files]) => files.length > 1 && !SHARED.includes(name))).toEqual([]);
});
