// Opens a conversation of which the rules don't tell whether it passes, while the counters of the rules in doubt are watched.
import type { ConnectionEnd, Conversation, RulePlace } from '../../firewall/conversation/trace.ts';
import type { Host } from '../host.ts';
import { probeConversation } from '../network/probe.ts';
import { readListenQueues } from '../network/read-listen-queues.ts';
import { readRuleCounters } from './read-rule-counters.ts';

/** How it ended, and which of the rules counted packets meanwhile. */
type Outcome = {
  readonly conversation: Conversation;
  readonly end: ConnectionEnd;
  readonly rose: readonly RulePlace[];
};

/** Rules that are watched of many. */
const MOST = 8;

/** One connection, closed at once; 3 s at most. Over UDP one datagram, and a second one where the first says that a rule may have dropped it. */
export async function tryUnknown(
  host: Host,
  conversation: Conversation,
  suspects: readonly RulePlace[],
): Promise<Outcome> {
  const once = await tryOnce(host, conversation, suspects.slice(0, MOST));
  // A datagram's silence is what is usual: a rule is only blamed that has counted at each of two.
  const isUsual = conversation.protocol === 'udp' && once.end === 'timed-out' && once.rose.length > 0;
  const { end, rose } = isUsual ? await tryOnce(host, conversation, once.rose) : once;
  // A full queue is silent by itself, whatever other packets the rules have counted meanwhile.
  if (end === 'timed-out' && conversation.protocol === 'tcp' && (await isQueueFull(host, conversation)))
    return { conversation, end, rose: [] };
  return { conversation, end, rose };
}

async function tryOnce(host: Host, conversation: Conversation, watched: readonly RulePlace[]): Promise<Outcome> {
  const before = await readRuleCounters(host, watched);
  const { end } = await probeConversation(host, conversation);
  const after = await readRuleCounters(host, watched);
  const rose = watched.filter((_, index) => {
    const [then, now] = [before[index], after[index]];
    return then != null && now != null && now > then;
  });
  return { conversation, end, rose };
}

async function isQueueFull(host: Host, { destinationPort }: Conversation): Promise<boolean> {
  const queues = await readListenQueues(host);
  return queues?.some(({ port, waiting, room }) => port === destinationPort && waiting > room) ?? false;
}
