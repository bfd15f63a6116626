// Clues for tests of single causes: a failure, the words of a command, and what the server showed.
import type { Attempt } from '../../src/diagnosis/attempt.ts';
import type { Clues } from '../../src/diagnosis/causes/cause.ts';
import type { Failure } from '../../src/diagnosis/failures.ts';
import { NO_WITNESS, type Witness } from '../../src/diagnosis/witness.ts';
import { traceConversation } from '../../src/firewall/conversation/trace-conversation.ts';
import { rootConversation } from '../../src/firewall/questions/probe-conversations.ts';
import { rules, surroundings } from '../firewall/fix/rules.ts';

const OPEN = rules('-A OUTPUT -o lo -j ACCEPT');

/** lo-doctor's own attempt failed so. */
export const failure = (
  end: Failure['end'],
  address = '127.0.0.1',
  port = 5432,
  protocol: 'tcp' | 'udp' = 'tcp',
): Failure => ({
  conversation: rootConversation(protocol, address, port),
  end,
  name: null,
  evidence: `connecting to ${address}:${port}: ${end}`,
  isOwn: true,
  isOthers: false,
});

/** A command that failed with these words. */
export const command = (output: string, known: Partial<Extract<Attempt, { kind: 'command' }>> = {}): Attempt => ({
  kind: 'command',
  commandLine: 'x',
  code: 1,
  output,
  ...known,
});

/** lo-doctor's own attempt right after it. */
export const own = (
  end: 'connected' | 'timed-out' | 'failed',
  port = 5432,
  protocol: 'tcp' | 'udp' = 'tcp',
): Attempt => ({
  kind: 'connection',
  conversation: rootConversation(protocol, '127.0.0.1', port),
  end,
  detail: '',
  because: 'the command line names it',
});

/** Clues with these failures, which the rules let pass. */
export const clues = (
  known: { failures?: readonly Failure[]; witness?: Partial<Witness> } & Partial<
    Pick<Clues, 'attempts' | 'listeners' | 'ruleset'>
  >,
): Clues => ({
  ruleset: known.ruleset ?? OPEN,
  surroundings,
  own: null,
  elsewhere: [],
  listeners: known.listeners ?? [],
  attempts: known.attempts ?? [],
  found: [],
  passing: (known.failures ?? []).map((one) => ({
    failure: one,
    trace: traceConversation(OPEN, one.conversation, surroundings),
  })),
  witness: { ...NO_WITNESS, ...known.witness },
});
