// What passes now and will not after the next boot.
import type { Ruleset } from '../firewall/model.ts';
import type { Trace } from '../firewall/trace.ts';
import { traceConversation } from '../firewall/trace-conversation.ts';
import { inspect, type ServerFacts } from './inspect.ts';

/** The loopback conversations that pass by the rules in force and are stopped by those that boot loads, as they go then. */
export const findLostAtBoot = (facts: ServerFacts, atBoot: Ruleset): Trace[] => {
  const { blockedTraces, surroundings } = inspect({ ...facts, ruleset: atBoot }, 'boot');
  return blockedTraces.filter(
    ({ conversation }) => traceConversation(facts.ruleset, conversation, surroundings).outcome === 'works',
  );
};
