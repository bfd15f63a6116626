// What the evaluator and the real kernel once disagreed about, or nearly did: the kernel's answers, replayed without it.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Attempt } from '../kernel/agent.ts';
import { judge, parseDumps } from '../kernel/fuzz/judge.ts';
import type { Answer, Dump } from '../kernel/fuzz/kernel.ts';

/** One conversation on a real kernel: what its tools printed of the rules, and what became of it. */
type Fixture = {
  readonly attempt: Attempt;
  readonly kernel: Pick<Answer, 'outcome' | 'logged'>;
  readonly dumps: readonly Dump[];
  /** Set where the dumps can't tell: what the evaluator may say instead of yes or no. */
  readonly untold?: { readonly outcome?: 'unknown'; readonly logged?: 'maybe' };
};

const folder = new URL('../fixtures/kernel/', import.meta.url);

it.each(readdirSync(folder).filter((name) => name.endsWith('.json')))('says what the kernel did: %s', (name) => {
  const { attempt, kernel, dumps, untold }: Fixture = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
  const { outcome, logged } = judge(parseDumps(dumps), attempt);
  expect({ outcome, logged }).toEqual({ ...kernel, ...untold });
});
