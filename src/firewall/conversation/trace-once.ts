// Traces that are asked for again: an inspection, the plan of the logging and that of a fix follow the same conversations through the same rules.

import type { Ruleset } from '../model/model.ts';
import type { Conversation, Surroundings, Trace } from './trace.ts';
import { traceConversation } from './trace-conversation.ts';

/** By identity: rules, surroundings and conversations don't change, what is changed is another one. They are kept as long as the three are. */
const known = new WeakMap<Ruleset, WeakMap<Surroundings, WeakMap<Conversation, Trace>>>();

/** As traceConversation, the work done once for the same three. */
export function traceOnce(ruleset: Ruleset, conversation: Conversation, surroundings: Surroundings): Trace {
  const bySurroundings = known.get(ruleset) ?? new WeakMap<Surroundings, WeakMap<Conversation, Trace>>();
  known.set(ruleset, bySurroundings);
  const byConversation = bySurroundings.get(surroundings) ?? new WeakMap<Conversation, Trace>();
  bySurroundings.set(surroundings, byConversation);
  const trace = byConversation.get(conversation) ?? traceConversation(ruleset, conversation, surroundings);
  byConversation.set(conversation, trace);
  return trace;
}
