// A conversation with another host: its first packet through the rules of OUTPUT; who answers out there is given.
import { evaluatePacket } from '../../../firewall/conversation/travel.ts';
import { deliver } from './deliver.ts';
import { requestPacket, surroundingsOf, type Talk, type TalkEnd } from './talk.ts';

const ETH0 = { name: 'eth0', index: 2 };

/** How far the conversation gets; `attempt` counts from 0 how often the client has sent its first packet before. */
export function exchangeOnEth0(talk: Talk, attempt: number): TalkEnd {
  const { server, conversation, id, flowLabel, size } = talk;
  const surroundings = surroundingsOf(server, null);
  const trace = evaluatePacket(server.kernel.ruleset(), requestPacket(talk), 'output', surroundings, ETH0);
  const wire = { id: id + attempt, flowLabel, size, window: 64_240, sequence: 1, embedded: null };
  if (deliver(talk, [trace], wire) === null) return { end: endOf(talk, trace.verdict === 'reject'), banner: '' };
  const { protocol, destination, destinationPort } = conversation;
  const answers = protocol === 'icmp' || server.outside.has(`${destination}:${destinationPort}`);
  return { end: answers ? 'connected' : 'timed-out', banner: '' };
}

function endOf({ conversation }: Talk, isRejected: boolean): TalkEnd['end'] {
  if (conversation.protocol !== 'tcp') return 'not-permitted';
  return isRejected ? 'refused' : 'timed-out';
}
