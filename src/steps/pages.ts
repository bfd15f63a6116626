// What the pages of all steps are made with.

import type { Event } from '../wizard/event.ts';
import type { Problem } from '../wizard/state.ts';
import { type Block, gap, type Page, type PageChoice, span, text } from '../words/page.ts';
import { shellLine } from '../words/shell-line.ts';

/** A page with what it says; the rest is empty. Enter takes the recommended choice unless `initial` says otherwise. */
export const page = (parts: Partial<Page<Event>> & { title: string }): Page<Event> => ({
  body: [],
  live: [],
  busy: null,
  choices: [],
  initial: Math.max(
    0,
    (parts.choices ?? []).findIndex(({ recommended }) => recommended),
  ),
  input: null,
  back: null,
  ...parts,
});

/** A problem in blocks: what is so, the command it came from, what to do. */
export const tellProblem = ({ message, command, nextSteps }: Problem): Block[] => [
  text(span('bad', message)),
  ...(command === null ? [] : [{ kind: 'code', lines: [shellLine(command)] } as const]),
  ...(nextSteps.length === 0 ? [] : [{ kind: 'list', items: nextSteps } as const]),
];

/** A page that tells a problem. */
export const problemPage = (title: string, problem: Problem, choices: readonly PageChoice<Event>[]): Page<Event> =>
  page({ title, body: [...tellProblem(problem), gap], choices });
