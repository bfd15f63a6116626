// What can be opened to see whether a fix works, what tells most first. Pure.
import { listenerOf } from '../diagnosis/failures.ts';
import { isListener } from '../diagnosis/listener.ts';
import type { Conversation } from '../firewall/conversation/trace.ts';
import { isForAll } from '../firewall/fix/plan.ts';
import { isLoopbackAddress, parseAddress } from '../firewall/model/address.ts';
import type { Case } from './state.ts';

/** Services that are tried of many. */
const MOST = 20;

/** Where a server has no address of its own, its rules are judged by one of the examples: nothing is there to be talked to. */
const isThere = ({ inspection }: Case, { destination }: Conversation): boolean => {
  const address = parseAddress(destination);
  const isLoopback = address !== null && isLoopbackAddress(address);
  return isLoopback || (inspection?.ownAddresses.length ?? 1) > 0;
};

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
  const echo =
    plan !== null && isForAll(plan.choice) && ping !== undefined && ping.outcome !== 'works' && ping.trace !== null;
  return [failed, meant, echo ? [ping.trace.conversation] : []].map((tries) =>
    tries.filter((one) => isThere(walk, one)),
  );
};
