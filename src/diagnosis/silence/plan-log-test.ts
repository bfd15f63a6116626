// Which packet tests the way of a log line, and which rule has to log it.

import type { Conversation, Surroundings, Written } from '../../firewall/conversation/trace.ts';
import { traceConversation } from '../../firewall/conversation/trace-conversation.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import type { LogPathProbe } from '../../log/files/log-path.ts';

/** The service `discard` (RFC 863), which throws away what it gets; where nobody listens, nothing happens either. */
const DISCARD: readonly Conversation[] = ['127.0.0.1', '::1'].map((address) => ({
  protocol: 'udp',
  source: address,
  destination: address,
  sourcePort: null,
  destinationPort: 9,
  uid: 0,
}));

const RANKS: readonly Written['certain'][] = ['yes', 'limited', 'maybe'];

/** The log rule that such a conversation meets most surely. */
const findLogRule = (ruleset: Ruleset, conversation: Conversation, surroundings: Surroundings): Written | null => {
  const { packets } = traceConversation(ruleset, conversation, surroundings);
  const written = packets.flatMap(({ hooks }) => hooks.flatMap(({ logs }) => logs));
  return written.toSorted((a, b) => RANKS.indexOf(a.certain) - RANKS.indexOf(b.certain))[0] ?? null;
};

/**
 * The test: what failed is tried once more, else a datagram to the discard port. `ruleset` is as it is now, lo-doctor's own rules included.
 * Null where no rule logs any of them.
 */
export const planLogTest = (
  ruleset: Ruleset,
  surroundings: Surroundings,
  failing: readonly Conversation[],
): LogPathProbe | null => {
  for (const conversation of failing.length > 0 ? failing : DISCARD) {
    const written = findLogRule(ruleset, conversation, surroundings);
    if (written !== null)
      return { conversation, rule: written.rule, log: written.log, limited: written.certain === 'limited' };
  }
  return null;
};
