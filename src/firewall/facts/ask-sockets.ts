// Whether a socket of this host is there for a packet, as TPROXY and `-m socket` look for one (nf_tproxy_ipv4.c, nf_socket_ipv4.c).

import type { World } from '../evaluate/world.ts';
import { parseAddress } from '../model/address.ts';
import type { Hook } from '../model/model.ts';
import type { Address, PacketHeaders } from '../model/packet.ts';
import type { OpenSocket } from './facts.ts';
import type { Question } from './question.ts';

type Sockets = readonly OpenSocket[];

/** Where TPROXY looks when it is told no address: that of the device by which the packet came in. */
const OF_LO = { ip: parseAddress('127.0.0.1'), ip6: parseAddress('::1') } as const;

/** Whether a transparent socket takes the packet: what goes back to the client finds the client's own, which is none. */
export function askProxy(sockets: Sockets, question: Extract<Question, { on: 'proxy' }>, world: World): boolean | null {
  const { packet } = world;
  const ends = endsOf(packet);
  if (ends === null) return null;
  const isAnswer = goesToClient(world);
  // A client's UDP socket may be connected or not.
  if (isAnswer && ends.protocol === 'tcp') return false;
  const port = question.port ?? ends.port;
  if (port === null) return null;
  const address = question.address ?? OF_LO[packet.family];
  const taking = take(sockets, { protocol: ends.protocol, family: packet.family, address, port });
  return taking.length === 0 ? false : isAnswer ? null : anyTransparent(taking);
}

/** Only where packets come in: there the sender's socket has let go of them. */
export function askSocket(
  sockets: Sockets,
  { transparent, wildcards }: Extract<Question, { on: 'socket' }>,
  world: World,
  hook: Hook,
): boolean | null {
  const { packet } = world;
  const ends = endsOf(packet);
  if (ends === null || ends.port === null || (hook !== 'prerouting' && hook !== 'input')) return null;
  // A client is connected, and so bound to an address; over UDP it may not be.
  if (goesToClient(world)) return transparent ? false : ends.protocol === 'tcp' || wildcards ? true : null;
  const { destination: address, family } = packet;
  const taking = take(sockets, { protocol: ends.protocol, family, address, port: ends.port });
  if (isUnderWay(packet)) return transparent ? (taking.length === 0 ? null : anyTransparent(taking)) : true;
  const bound = taking.filter((socket) => socket.address !== null);
  // The one that is bound to the address comes first.
  const found = bound.length > 0 ? bound : taking;
  if (found.length === 0 || (bound.length === 0 && !wildcards)) return false;
  return transparent ? anyTransparent(found) : true;
}

type Wanted = {
  readonly protocol: 'tcp' | 'udp';
  readonly family: 'ip' | 'ip6';
  readonly address: Address | null;
  readonly port: number;
};

function take(sockets: Sockets, { protocol, family, address, port }: Wanted): Sockets {
  return sockets.filter(
    (socket) =>
      socket.protocol === protocol &&
      socket.port === port &&
      socket.families.includes(family) &&
      (socket.address === null || socket.address === address) &&
      (socket.device === null || socket.device === 'lo'),
  );
}

/** Of several, which one the kernel takes is not known. */
function anyTransparent(sockets: Sockets): boolean | null {
  if (sockets.every(({ isTransparent }) => isTransparent === true)) return true;
  return sockets.every(({ isTransparent }) => isTransparent === false) ? false : null;
}

function endsOf({ transport }: PacketHeaders): { protocol: 'tcp' | 'udp'; port: number | null } | null {
  if (!('sourcePort' in transport)) return null;
  return { protocol: transport.kind, port: transport.destinationPort };
}

const SYN = 2;
const ACK = 16;

function isUnderWay({ transport }: PacketHeaders): boolean {
  return transport.kind === 'tcp' && (transport.flags & (SYN | ACK)) !== SYN;
}

/** The server's end has sent it. */
function goesToClient({ packet: { transport }, served }: World): boolean {
  return (
    served !== undefined &&
    'sourcePort' in transport &&
    transport.sourcePort === served.destinationPort &&
    transport.destinationPort === served.sourcePort
  );
}
