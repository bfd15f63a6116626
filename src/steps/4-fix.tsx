// Step 4: what can be permitted, and the exact commands.
import { fixPage } from '../words/fix-page.ts';
import { type StepProps, WalkStep } from './walk-step.tsx';

/** The screen of step 4. */
export const Fix = (props: StepProps) => <WalkStep {...props} page={fixPage(props.walk.phase, props.walk.case)} />;
