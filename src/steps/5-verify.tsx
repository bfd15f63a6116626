// Step 5: the fix on trial, with the time left until it is rolled back, and how the walk ended.
import { useNow } from '../ui/use-now.ts';
import { verifyPage } from '../words/verify-page.ts';
import { type StepProps, WalkStep } from './walk-step.tsx';

/** The screen of step 5. */
export const Verify = (props: StepProps) => {
  const now = useNow(props.walk.phase.name === 'awaiting-confirmation');
  return <WalkStep {...props} page={verifyPage(props.walk.phase, props.walk.case, now)} />;
};
