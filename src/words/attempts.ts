// What was tried, in words.

import { type Attempt, isSilentDatagram, judgeAttempt } from '../diagnosis/attempt.ts';
import type { ConnectionEnd } from '../firewall/conversation/trace.ts';
import { nameConversation } from '../naming/conversations.ts';
import { type Rich, span } from './page.ts';

const ENDS: Record<ConnectionEnd, string> = {
  connected: 'answers',
  refused: 'refused: nobody listens, or a REJECT rule answered',
  'timed-out': 'no answer',
  'not-permitted': 'not permitted by this server itself',
  unreachable: 'unreachable',
  failed: 'could not be tried',
};

/** No service has to answer a datagram. */
const SILENT = 'no answer, which over UDP proves nothing by itself';

const MARKS = { works: 'good', fails: 'bad', unknown: 'warn' } as const;

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
    span(MARKS[judgeAttempt(attempt)], isSilentDatagram(attempt) ? SILENT : ENDS[end]),
    detail === '' ? '' : span('dim', ` (${detail})`),
  ];
};
