// What was tried, in words.
import type { Attempt } from '../diagnosis/attempt.ts';
import type { ConnectionEnd } from '../firewall/trace.ts';
import { type Rich, span } from './page.ts';
import { nameConversation } from './rules.ts';

const ENDS: Record<ConnectionEnd, string> = {
  connected: 'answers',
  refused: 'refused: nobody listens, or a REJECT rule answered',
  'timed-out': 'no answer: dropped, or the service hangs',
  'not-permitted': 'not permitted: the packet was dropped on its way out',
  unreachable: 'unreachable',
  failed: 'failed',
};

/** An attempt in a line: what was tried, and how it ended. */
export const tellAttempt = (attempt: Attempt): Rich => {
  if (attempt.kind === 'command') {
    const ended = attempt.code === null ? 'was ended' : `exit code ${attempt.code}`;
    return [span(attempt.code === 0 ? 'good' : 'bad', ended), `  ${attempt.commandLine}`];
  }
  const { end, detail, conversation, user } = attempt;
  const by = conversation.uid === 0 ? '' : ` as ${user === undefined ? '' : `${user}, `}uid ${conversation.uid}`;
  return [
    `${nameConversation(conversation)}${by}: `,
    span(end === 'connected' ? 'good' : 'bad', ENDS[end]),
    detail === '' ? '' : span('dim', ` (${detail})`),
  ];
};
