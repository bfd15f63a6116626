// What is known of the host where packets are judged.

import type { Surroundings } from '../conversation/trace.ts';
import type { Site } from '../evaluate/read-field.ts';
import { parseAddress } from './address.ts';
import type { Address } from './packet.ts';

/** The host's side of a site; `assumedOwn` are the addresses of the conversation at hand, which goes over lo. */
export function siteOf({ ownAddresses, facts }: Surroundings, assumedOwn: readonly Address[]): Omit<Site, 'hook'> {
  const own = ownAddresses && new Set(ownAddresses.map(parseAddress).filter((address) => address !== null));
  return { own, assumedOwn: new Set(assumedOwn), ...(facts && { facts }) };
}
