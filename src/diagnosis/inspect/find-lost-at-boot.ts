// What passes now and will not after the next boot.

import type { Trace } from '../../firewall/conversation/trace.ts';
import { traceConversation } from '../../firewall/conversation/trace-conversation.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { isLetThrough } from '../../firewall/questions/is-let-through.ts';
import { inspect, type ServerFacts } from './inspect.ts';

/**
 * The loopback conversations that pass by the rules in force and not for sure by those that boot loads, as they go then. What the server
 * keeps beside its rules now (sets, lists, who reads a queue) is not what it will have then.
 */
export const findLostAtBoot = ({ facts, tried: _tried, ...server }: ServerFacts, atBoot: Ruleset): Trace[] => {
  const { blockedTraces, unknownTraces, surroundings } = inspect({ ...server, ruleset: atBoot }, 'boot');
  const now = { ...surroundings, ...(facts && { facts }) };
  return [...blockedTraces, ...unknownTraces].filter(({ conversation }) =>
    isLetThrough(traceConversation(server.ruleset, conversation, now)),
  );
};
