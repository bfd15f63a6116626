// Step 2: what fails is repeated while the log is watched.
import { reproducePage } from '../words/reproduce-page.ts';
import { type StepProps, WalkStep } from './walk-step.tsx';

/** The screen of step 2. */
export const Reproduce = (props: StepProps) => (
  <WalkStep {...props} page={reproducePage(props.walk.phase, props.walk.case)} />
);
