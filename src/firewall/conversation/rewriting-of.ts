// What NAT made of a conversation's request, as a trace tells it.
import { parseAddress } from '../model/address.ts';
import type { Address } from '../model/packet.ts';
import type { Trace } from './trace.ts';

/** The ends that NAT has given the request, null where they are not known; `sourceChanged`, `destinationChanged`: which. */
export type Rewriting = {
  readonly source: Address | null;
  readonly destination: Address | null;
  readonly destinationPort: number | null;
  readonly sourceChanged: boolean;
  readonly destinationChanged: boolean;
};

/** What became of the request's ends by its last hook; null where they are what they were, or no packet came so far. */
export function rewritingOf({ conversation, packets, sentAway }: Trace): Rewriting | null {
  const last = packets.find(({ packet }) => packet === 'request')?.hooks.at(-1)?.packet;
  if (last === undefined) return null;
  const { source, destination, transport } = last;
  const destinationPort = 'destinationPort' in transport ? transport.destinationPort : null;
  const sourceChanged = source !== parseAddress(conversation.source);
  const destinationChanged =
    sentAway.length > 0 ||
    destination !== parseAddress(conversation.destination) ||
    destinationPort !== conversation.destinationPort;
  return sourceChanged || destinationChanged
    ? { source, destination, destinationPort, sourceChanged, destinationChanged }
    : null;
}
