// The server that random rulesets are tried on: its services, its addresses, and what conversations can be had with it.
import type { Attempt, Service } from '../agent.ts';
import { ownAddresses } from '../lab.ts';
import type { Random } from './random.ts';

export type Family = 'ip' | 'ip6';

export const addresses = {
  ip: ['127.0.0.1', '127.0.0.5', ownAddresses.ip],
  ip6: ['::1', ownAddresses.ip6],
} as const;

export const ports = [21, 25, 53, 80, 443, 3306, 5432, 8080] as const;

/** Clients' ports: no service's, none that the kernel gives away, so a port names one conversation. */
const clientPorts = { first: 10_000, last: 29_999 } as const;

/** TCP and UDP echo on each address and port. */
export const services: readonly Service[] = [...addresses.ip, ...addresses.ip6].flatMap((address) =>
  ports.flatMap((port) =>
    (['tcp', 'udp'] as const).map((protocol) => ({ protocol, address, port, kind: 'echo' as const, banner: '' })),
  ),
);

/** Hands out client ports (for ICMP: identifiers) from the place given, each again only after all others. */
export function clientPortsFrom(place: number): () => number {
  const { first, last } = clientPorts;
  let next = place;
  return () => first + (next++ % (last - first + 1));
}

/** A random conversation on lo. */
export function randomAttempt(random: Random, families: readonly Family[], nextPort: () => number): Attempt {
  const family = random.pick(families);
  const protocol = random.weighted([
    [55, 'tcp'],
    [35, 'udp'],
    [10, 'icmp'],
  ] as const);
  const destination = random.pick(addresses[family]);
  return {
    protocol,
    source: random.chance(0.15) ? random.pick(addresses[family]) : usualSource(destination),
    destination,
    sourcePort: nextPort(),
    destinationPort: protocol === 'icmp' ? 0 : random.pick(ports),
    // Only root may ping in a new network namespace.
    uid:
      protocol === 'icmp'
        ? 0
        : random.weighted([
            [3, 0],
            [1, 33],
          ] as const),
  };
}

/** What the kernel takes where the client does not choose: all of 127.0.0.0/8 is spoken to from 127.0.0.1. */
function usualSource(destination: string): string {
  return destination.startsWith('127.') ? '127.0.0.1' : destination;
}
