// All that was tried works: there is nothing to blame.
import { nameAddress } from '../../naming/conversations.ts';
import { type Attempt, works } from '../attempt.ts';
import type { Cause } from './cause.ts';

const tell = (attempt: Attempt): string =>
  attempt.kind === 'connection'
    ? `${nameAddress(attempt.conversation.destination, attempt.conversation.destinationPort)} answers`
    : `${attempt.commandLine}: exit code 0`;

/** Found where something was tried, and all of it worked. */
export const findAllWorks: Cause = ({ attempts }) => {
  if (attempts.length === 0 || !attempts.every(works)) return null;
  return {
    finding: {
      id: 'all-works',
      severity: 'notice',
      title: 'What was tried works.',
      evidence: attempts.map(tell),
      advice:
        'Repeat exactly what fails, as the user that fails: a rule can judge users, ports and addresses differently.',
      commands: [],
    },
    blame: 'nobody',
    explains: [],
  };
};
