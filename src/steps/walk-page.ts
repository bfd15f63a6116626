// The page of a walk: one entry for every face.
import type { Event } from '../wizard/event.ts';
import { isOf, STEPS, type StepName, stepOf, type Walk } from '../wizard/state.ts';
import type { Page } from '../words/page.ts';
import { inspectPage } from './1-inspect.ts';
import { reproducePage } from './2-reproduce.ts';
import { readLogPage } from './3-read-log.ts';
import { fixPage } from './4-fix.ts';
import { verifyPage } from './5-verify.ts';
import { withHints } from './practice.ts';

const STEP_TITLES: Record<StepName, string> = {
  inspect: 'Inspect',
  reproduce: 'Reproduce',
  'read-log': 'Read the log',
  fix: 'Fix',
  verify: 'Verify',
};

/** The names of the five steps, in order. */
export const stepTitles: readonly string[] = STEPS.map((step) => STEP_TITLES[step]);

/** Where a walk stands among the steps, from 0. */
export const stepNumber = ({ phase }: Walk): number => STEPS.indexOf(stepOf(phase.name));

const stepPage = ({ phase, case: found }: Walk, now: Date): Page<Event> => {
  if (isOf('inspect', phase)) return inspectPage(phase, found);
  if (isOf('reproduce', phase)) return reproducePage(phase, found);
  if (isOf('read-log', phase)) return readLogPage(phase, found);
  if (isOf('fix', phase)) return fixPage(phase, found);
  return verifyPage(phase, found, now);
};

/** What a walk says and asks now. */
export const walkPage = (walk: Walk, now: Date): Page<Event> => withHints(stepPage(walk, now), walk.case);
