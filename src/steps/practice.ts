// The practice server in words: its story, hints that are asked for, and the debrief at the end.
import { debriefOf } from '../wizard/debrief.ts';
import type { Event } from '../wizard/event.ts';
import type { Case, Outcome, Story } from '../wizard/state.ts';
import { type Block, gap, type Page, span, text } from '../words/page.ts';

/** What its user noticed, and how it came about. */
export const tellStory = (story: Story | null): Block[] =>
  story === null
    ? []
    : [text(span('accent', 'Practice server. '), story.story), text('What fails: ', story.symptom), gap];

const tellHints = ({ hints }: Story, shown: number): Block[] =>
  shown === 0
    ? []
    : [...hints.slice(0, shown).map((hint, index) => text(span('accent', `Hint ${index + 1}: `), hint)), gap];

/** The page with the hints that were asked for at its top, where they are seen, and the choice to ask for one more, as the last one. */
export const withHints = (page: Page<Event>, { story, hintsShown }: Case): Page<Event> => {
  if (story === null || page.choices.length === 0) return page;
  const left = story.hints.length - hintsShown;
  const ask = { label: `Give me a hint (${left} left)`, event: { name: 'hint-chosen' } } as const;
  return {
    ...page,
    body: [...tellHints(story, hintsShown), ...page.body],
    choices: left === 0 ? page.choices : [...page.choices, ask],
  };
};

const listed = (title: string, items: readonly string[]): Block[] =>
  items.length === 0 ? [] : [text(title), { kind: 'list', items }];

/** What was wrong, what was found and missed, how it goes by hand, and what comes next. */
export const tellDebrief = (story: Story, walk: Case, outcome: Outcome): Block[] => {
  const { isSolved, cause, lesson, found, missed, byHand } = debriefOf(story, walk, outcome);
  return [
    gap,
    text(span(isSolved ? 'good' : 'warn', isSolved ? 'Solved. ' : 'Not solved yet. '), cause),
    ...listed('Found:', found),
    ...listed('Missed:', missed),
    text('By hand:'),
    { kind: 'code', lines: byHand },
    text(span('strong', 'Lesson: '), `${lesson}.`),
    text(span('dim', 'The practice server is gone now.')),
    text(
      ...(story.next === null
        ? ['That was the last scenario. All of them: ', span('accent', 'lo-doctor practice --list')]
        : ['Next: ', span('accent', `lo-doctor practice ${story.next}`)]),
    ),
  ];
};
