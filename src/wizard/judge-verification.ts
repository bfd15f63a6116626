// What the retest of a fix proves. Pure.
import { judgeAttempt } from '../diagnosis/attempt.ts';
import type { Choice } from '../firewall/fix/plan.ts';
import type { Sighting } from '../log/conversations/count-sightings.ts';
import type { Verification, VerificationResult } from './state.ts';

/** Whether a logged packet belongs to what the choice permits. */
const isMeant =
  (choice: Choice) =>
  ({ line: { entry } }: Sighting): boolean =>
    choice.kind !== 'services' ||
    choice.services.some(({ protocol, port }) => {
      const { proto, spt, dpt } = entry.embedded ?? entry;
      return `${proto}`.toLowerCase().startsWith(protocol) && (port === null || spt === port || dpt === port);
    });

/** Nothing counts as proved by the rules alone, and nothing while drops of what the fix is for are still logged. */
export const judgeVerification = (
  { attempts, drops, passes }: Omit<Verification, 'result' | 'packets'>,
  choice: Choice,
): VerificationResult => {
  const judged = attempts.map(judgeAttempt);
  if (judged.includes('fails') || !passes || (drops ?? []).some(isMeant(choice))) return 'fails';
  return judged.includes('works') ? 'works' : 'untried';
};
