// Every conversation about which kernel and evaluator once disagreed: what the kernel did is what the evaluator says.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Disagreement } from '../kernel/fuzz/disagreement.ts';
import { judge, parseDumps } from '../kernel/fuzz/judge.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/rulesets', import.meta.url));
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

const read = (file: string): Disagreement => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'));

test.each(files.map((file) => [file.slice(0, -'.json'.length).replaceAll('-', ' '), file]))('%s', (_, file) => {
  const { dumps, attempt, kernel } = read(file);
  const { outcome, logged } = judge(parseDumps(dumps), attempt);
  expect({ outcome, logged }).toEqual({ outcome: kernel.outcome, logged: kernel.logged });
});
