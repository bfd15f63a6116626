// A page for each command and each step; what a page says of options, exit codes and choices is what the program has.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stepTitles } from '../../src/steps/walk-page.ts';
import { STEPS } from '../../src/wizard/state.ts';
import { commandNames, commandTables, findCommand, MARK } from './command-page.ts';

const docs = join(import.meta.dirname, '../../docs');
const read = (path: string): string => readFileSync(join(docs, path), 'utf8');
const readme = readFileSync(join(docs, '../README.md'), 'utf8');

describe.each(commandNames())('docs/commands/%s.md', (name) => {
  test('is linked by the README, begins by hand, and has the options and exit codes of today', async () => {
    expect(readme).toContain(`docs/commands/${name}.md`);
    const page = read(`commands/${name}.md`);
    const [byHand = ''] = page.split(MARK);
    expect(byHand.length).toBeGreaterThan(150);
    expect(byHand.startsWith(`# lo-doctor ${name}\n`)).toBe(true);
    await expect(`${byHand}${commandTables(findCommand(name))}`).toMatchFileSnapshot(join(docs, `commands/${name}.md`));
  });
});

test('no page is left of a command or step that is gone', () => {
  expect(globSync('*.md', { cwd: join(docs, 'commands') }).sort()).toEqual(
    commandNames()
      .map((name) => `${name}.md`)
      .sort(),
  );
  expect(globSync('*.md', { cwd: join(docs, 'steps') }).sort()).toEqual(
    STEPS.map((step, index) => `${index + 1}-${step}.md`),
  );
});

describe.each(STEPS.map((step, index) => ({ step, index, title: stepTitles[index] ?? '' })))(
  'the page of $title',
  ({ step, index, title }) => {
    test('is linked by the README and called as the wizard calls the step', () => {
      expect(readme).toContain(`docs/steps/${index + 1}-${step}.md`);
      const page = read(`steps/${index + 1}-${step}.md`);
      expect(page.startsWith(`# ${index + 1} ${title}\n`)).toBe(true);
    });

    test('quotes only choices and words that its source has', () => {
      const source = globSync(['*.ts'], { cwd: join(docs, '../src/steps') })
        .map((file) => readFileSync(join(docs, '../src/steps', file), 'utf8'))
        .join('\n');
      const quoted = [...read(`steps/${index + 1}-${step}.md`).matchAll(/"([^"]+)"/g)].map(([, words = '']) => words);
      expect(quoted.length).toBeGreaterThan(0);
      expect(quoted.filter((words) => !source.includes(words))).toEqual([]);
    });
  },
);

test('the README says what this is, how it is installed and run, what it changes and never does, and answers questions', () => {
  for (const heading of [
    '## Install',
    '## First run',
    '## What it changes on a server, and what it never does',
    '## How it keeps you safe',
    '## The same by hand',
    '## Questions',
    '## When something is wrong',
    '## Commands and steps',
  ])
    expect(readme).toContain(`\n${heading}\n`);
  const [, opening = ''] = readme.split('\n\n').filter((part) => /^[A-Z`]/.test(part));
  expect([readme.split('\n\n')[1], opening].join(' ')).toBeTruthy();
});
