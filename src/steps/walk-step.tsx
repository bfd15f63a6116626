// What all steps share: they show a page of their words, and tell the walk what the user chose.
import { PageView } from '../ui/page-view.tsx';
import type { Event } from '../wizard/event.ts';
import type { Walk } from '../wizard/state.ts';
import type { Page } from '../words/page.ts';
import { stepNumber, stepTitles } from '../words/walk-page.ts';

/** What a step is given: the walk, and where its events go. */
export type StepProps = { walk: Walk; send: (event: Event) => void };

/** Shows a page of the walk below its progress line; a new phase starts at the top of its page. */
export const WalkStep = ({ walk, send, page }: StepProps & { page: Page<Event> }) => (
  <PageView key={walk.phase.name} page={page} progress={{ names: stepTitles, current: stepNumber(walk) }} send={send} />
);
