// Step 1: the outbound policy, and what it does to loopback.
import { inspectPage } from '../words/inspect-page.ts';
import { type StepProps, WalkStep } from './walk-step.tsx';

/** The screen of step 1. */
export const Inspect = (props: StepProps) => (
  <WalkStep {...props} page={inspectPage(props.walk.phase, props.walk.case)} />
);
