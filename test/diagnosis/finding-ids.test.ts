import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FINDING_IDS } from '../../src/diagnosis/finding-ids.ts';

const root = join(import.meta.dirname, '..', '..');
const rows = readFileSync(join(root, 'docs/findings.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'));
const documented = rows.flatMap((row) => [...(row.split(' | ')[0]?.matchAll(/`([^`]+)`/g) ?? [])].map(([, id]) => id));

test('docs/findings.md has a row for each id, with its meaning and what to do, and no other', () => {
  expect([...documented].sort()).toEqual([...FINDING_IDS].sort());
  for (const row of rows) expect(row.split(' | ')).toHaveLength(3);
});

test('each id is used, and stands once in the list', () => {
  expect(new Set(FINDING_IDS).size).toBe(FINDING_IDS.length);
  const source = globSync('src/**/*.ts', { cwd: root, exclude: ['src/diagnosis/finding-ids.ts'] })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  expect(FINDING_IDS.filter((id) => !source.includes(`'${id}'`))).toEqual([]);
});
