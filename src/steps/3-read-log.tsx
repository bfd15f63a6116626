// Step 3: the entries that prove what was dropped.
import { readLogPage } from '../words/read-log-page.ts';
import { type StepProps, WalkStep } from './walk-step.tsx';

/** The screen of step 3. */
export const ReadLog = (props: StepProps) => (
  <WalkStep {...props} page={readLogPage(props.walk.phase, props.walk.case)} />
);
