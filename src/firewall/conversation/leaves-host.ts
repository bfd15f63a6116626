// Whether NAT gives a packet an address that is not the host's own.

import type { Site } from '../evaluate/read-field.ts';
import type { RuleSite } from '../evaluate/run-rule.ts';
import { isLoopbackAddress } from '../model/address.ts';
import type { Address } from '../model/packet.ts';
import type { Nat } from '../model/steps.ts';
import { WHOLE_DATA } from '../model/steps.ts';

/** Whether the new address (null: one of several, or not known) is none of the host's: for sure, perhaps, or not at all. */
export function leavesHost(at: RuleSite, { address: target }: Nat, address: Address | null): 'yes' | 'maybe' | 'no' {
  const { own } = at.site;
  if (address !== null && isOwn(at.site, address)) return 'no';
  if (own === null) return 'maybe';
  if (address !== null) return 'yes';
  switch (target?.kind) {
    case 'range':
      return mayBeOwn(at.site, target) ? 'maybe' : 'yes';
    case 'map': {
      const set = typeof target.map === 'string' ? at.table.sets.get(target.map) : target.map;
      const data = set?.known ? set.elements.map((element) => element.data?.[target.part ?? WHOLE_DATA]) : [];
      const isAway = (value: (typeof data)[number]) =>
        (typeof value === 'number' || typeof value === 'bigint') && !isOwn(at.site, value);
      return data.length > 0 && data.every(isAway) ? 'yes' : 'maybe';
    }
    case 'field':
    case 'constant':
    case 'unknown':
    case undefined:
      return 'maybe';
  }
}

function isOwn({ own, assumedOwn }: Site, address: Address): boolean {
  return isLoopbackAddress(address) || own?.has(address) === true || assumedOwn.has(address);
}

function mayBeOwn({ own, assumedOwn }: Site, { from, to }: { from: Address; to: Address }): boolean {
  const isInside = (one: Address) => typeof one === typeof from && one >= from && one <= to;
  return isLoopbackAddress(from) || isLoopbackAddress(to) || [...(own ?? []), ...assumedOwn].some(isInside);
}
