// All that is in the way of loopback traffic beside the rules of the firewall.
import { findDown, findFilter, findIp6Off, findMissingAddress, findQueue, findXdp } from './find-device-faults.ts';
import { findRouteFaults } from './find-route-faults.ts';
import type { LoopbackKind, LoopbackWay, WayFault } from './loopback-way.ts';

/** The faults, what stops everything first. Empty where nothing is amiss, or nobody could look (null). `served`: where services listen. */
export const findWayFaults = (way: LoopbackWay | null, served: readonly string[]): WayFault[] => {
  if (way === null) return [];
  const missing = [findMissingAddress(way, 'ip'), findMissingAddress(way, 'ip6')].filter((fault) => fault !== null);
  // An address that is missing is why there is no route.
  const isWithout = (kind: LoopbackKind) => missing.some(({ kinds }) => kinds.includes(kind));
  const routes = findRouteFaults(way, served).filter(
    ({ kinds, finding: { id } }) => id !== 'lo-route' || !kinds.every(isWithout),
  );
  return [findDown(way), ...missing, ...routes, findIp6Off(way), findQueue(way), findXdp(way), findFilter(way)].filter(
    (fault) => fault !== null,
  );
};
