// A packet at a glance, for rules that can be passed over without reading them.
import { formatAddress } from '../model/address.ts';
import { type Address, protocolOf } from '../model/packet.ts';
import type { Site } from './read-field.ts';
import type { Glance } from './rule-list.ts';
import type { World } from './world.ts';

/** Fits no port that a rule can name. */
const NO_PORT = -1;

/** The glance that all worlds share, or null where there is more than one, or where the packet is not on lo. */
export function glanceAt({ hook, device }: Site, worlds: readonly World[]): Glance | null {
  const [world] = worlds;
  if (!world || worlds.length > 1 || device) return null;
  const { source, destination, transport } = world.packet;
  const entering = hook === 'prerouting' || hook === 'input' || hook === 'ingress';
  return {
    source: addressAtGlance(source),
    destination: addressAtGlance(destination),
    protocol: protocolOf(transport),
    sourcePort: 'sourcePort' in transport ? (transport.sourcePort ?? NO_PORT) : NO_PORT,
    destinationPort: 'destinationPort' in transport ? (transport.destinationPort ?? NO_PORT) : NO_PORT,
    in: entering ? 'lo' : '',
    out: entering ? '' : 'lo',
  };
}

function addressAtGlance(address: Address | null): string | number {
  if (address === null) return '';
  return typeof address === 'number' ? formatAddress(address) : Number(address >> 112n);
}
