// A conversation of the practice server with itself: every packet through the rules, as far as they let it.

import type { PacketName, PacketTrace } from '../../../firewall/conversation/trace.ts';
import { traceConversation } from '../../../firewall/conversation/trace-conversation.ts';
import type { ConntrackView, Packet, Transport } from '../../../firewall/model/packet.ts';
import { toKernelPacket, type Wire } from '../log/log-packet.ts';
import { arrivalOf, deliver, sendFromKernel } from './deliver.ts';
import { findService, requestPacket, serviceAt, surroundingsOf, type Talk, type TalkEnd } from './talk.ts';

/** How far the conversation gets; `attempt` counts from 0 how often the client has sent its first packet before. */
export function exchangeOnLoopback(talk: Talk, attempt: number): TalkEnd {
  const { server, conversation } = talk;
  const { protocol, destination, destinationPort } = conversation;
  const expected = findService(server, protocol, destination, destinationPort);
  const { packets } = traceConversation(server.kernel.ruleset(), conversation, surroundingsOf(server, expected));
  const [request, ...answers] = packets;
  const arrived = request ? deliver(talk, request.hooks, wireOf(talk, 'request', attempt)) : null;
  if (request === undefined || arrived === null) return stopped(talk, request, answers);
  const service = serviceAt(server, arrived);
  if (service === null && protocol !== 'icmp') return ended(refuse(talk, arrived));
  for (const { packet, hooks } of answers) deliver(talk, hooks, wireOf(talk, packet, attempt));
  if (!arrives(answers, 'reply')) return ended('timed-out');
  return { end: 'connected', banner: arrives(answers, 'established-reply') ? (service?.banner ?? '') : '' };
}

const ended = (end: TalkEnd['end']): TalkEnd => ({ end, banner: '' });

function arrives(packets: readonly PacketTrace[], name: PacketName): boolean {
  return packets.some(({ packet, hooks }) => packet === name && arrivalOf(hooks) !== null);
}

/** The first packet was stopped: the client learns of it by the rule's error, if that comes through, or as a sender of datagrams. */
function stopped(talk: Talk, request: PacketTrace | undefined, answers: readonly PacketTrace[]): TalkEnd {
  const error = answers.find(({ packet }) => packet === 'error');
  const wire = wireOf(talk, 'error', 0);
  const isReset = error?.hooks[0]?.packet.transport.kind === 'tcp';
  const told = error ? deliver(talk, error.hooks, isReset ? { ...wire, id: 0, embedded: null } : wire) : null;
  const last = request?.hooks.at(-1)?.hook;
  // A datagram's sender is in the same call as the hook that stops it.
  const isInCall = talk.conversation.protocol !== 'tcp' && (last === 'output' || last === 'postrouting');
  if (isInCall) return ended('not-permitted');
  return ended(told === null ? 'timed-out' : endOfError(told.transport));
}

function endOfError(transport: Transport): TalkEnd['end'] {
  if (transport.kind === 'tcp') return 'refused';
  const portCode = transport.kind === 'icmp' ? 3 : 4;
  return 'code' in transport && transport.code === portCode ? 'refused' : 'unreachable';
}

/** Where nobody listens the kernel itself answers: with a reset, or with an ICMP error, which pass the same rules. */
function refuse(talk: Talk, arrived: Packet): TalkEnd['end'] {
  const wire = wireOf(talk, 'error', 0);
  const back = { ...arrived, source: arrived.destination, destination: arrived.source, uid: null, gid: null, mark: 0 };
  const { transport } = arrived;
  if (transport.kind === 'tcp') {
    const ports = { sourcePort: transport.destinationPort, destinationPort: transport.sourcePort };
    const reset: Packet = {
      ...back,
      transport: { kind: 'tcp', ...ports, flags: 0x14 },
      conntrack: answering(arrived, 'established'),
    };
    return sendFromKernel(talk, reset, { ...wire, id: 0, embedded: null }) === null ? 'timed-out' : 'refused';
  }
  const unreachable: Transport =
    arrived.family === 'ip' ? { kind: 'icmp', type: 3, code: 3, id: 0 } : { kind: 'icmpv6', type: 1, code: 4, id: 0 };
  const error: Packet = { ...back, transport: unreachable, conntrack: answering(arrived, 'related') };
  return sendFromKernel(talk, error, wire) === null ? 'timed-out' : 'refused';
}

function answering({ conntrack }: Packet, state: 'established' | 'related'): ConntrackView {
  return 'direction' in conntrack ? { ...conntrack, state, direction: 'reply' } : conntrack;
}

/** What is on the wire of each packet; the two directions have flow labels of their own. */
function wireOf(talk: Talk, name: PacketName, attempt: number): Wire {
  const { id, flowLabel, size, conversation } = talk;
  const isIp6 = conversation.destination.includes(':');
  const common = { id: id + attempt, flowLabel, size, sequence: 1, embedded: null };
  switch (name) {
    case 'request':
      return { ...common, window: isIp6 ? 65_476 : 65_495 };
    case 'reply':
      return { ...common, id: 0, window: isIp6 ? 65_464 : 65_483, flowLabel: flowLabel ^ 0x5a5a5 };
    case 'established-request':
    case 'established-reply':
      return { ...common, id: id + 1 + attempt, window: 512 };
    case 'error': {
      const embedded = toKernelPacket(requestPacket(talk), wireOf(talk, 'request', attempt));
      return { ...common, id: id ^ 0x2b2b, window: 0, embedded };
    }
  }
}
