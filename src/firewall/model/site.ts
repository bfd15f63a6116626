// What is known of the host where packets are judged.

import type { Surroundings } from '../conversation/trace.ts';
import type { Site } from '../evaluate/read-field.ts';
import { parseAddress } from './address.ts';
import type { Address } from './packet.ts';

/** The host's side of a site; `assumedOwn` are the addresses of the conversation at hand, which goes over lo. */
export function siteOf({ ownAddresses, facts }: Surroundings, assumedOwn: readonly Address[]): Omit<Site, 'hook'> {
  return { own: ownAddresses && parsedOnce(ownAddresses), assumedOwn: new Set(assumedOwn), ...(facts && { facts }) };
}

/** The same list stands behind thousands of conversations. */
const parsed = new WeakMap<readonly string[], ReadonlySet<Address>>();

function parsedOnce(addresses: readonly string[]): ReadonlySet<Address> {
  const known = parsed.get(addresses);
  if (known !== undefined) return known;
  const own = new Set(addresses.map(parseAddress).filter((address) => address !== null));
  parsed.set(addresses, own);
  return own;
}
