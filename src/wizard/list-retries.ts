// What can be opened to see whether a fix works, what tells most first. Pure.
import { listenerOf } from '../diagnosis/failures.ts';
import { isListener } from '../diagnosis/listener.ts';
import type { Conversation } from '../firewall/trace.ts';
import type { Case } from './state.ts';

/** Services that are tried of many. */
const MOST = 20;

/** What is not seen to be awaited is not opened: a refusal would tell nothing. A ping is answered by the kernel. */
const isAnswered = ({ inspection }: Case, conversation: Conversation): boolean =>
  conversation.protocol === 'icmp' || isListener(listenerOf(inspection?.listeners ?? null, conversation));

/**
 * What has failed; where that can't be tried, or tells nothing, what the plan is for wherever somebody listens; then a ping, where pings
 * did not pass for sure either and all of loopback is permitted.
 */
export const listRetries = (walk: Case): (readonly Conversation[])[] => {
  const { diagnosis, plan, inspection } = walk;
  const failed = (diagnosis?.blocked ?? [])
    .filter(({ listener, conversation }) => listener !== null || conversation.protocol === 'icmp')
    .map(({ conversation }) => conversation);
  const meant = (plan?.repaired ?? []).filter((one) => isAnswered(walk, one)).slice(0, MOST);
  const { ping } = inspection ?? {};
  const echo = plan?.choice.kind === 'all' && ping !== undefined && ping.outcome !== 'works' && ping.trace !== null;
  return [failed, meant, echo ? [ping.trace.conversation] : []];
};
