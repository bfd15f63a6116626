// Packets over lo that belong to no loopback conversation: this server's own answer to what a rule rejected on its way to another machine.

import type { Surroundings } from '../../firewall/conversation/trace.ts';
import { createSightingCounter, type Sighting } from '../../log/conversations/count-sightings.ts';
import { isLoopbackText } from '../../log/packet/address.ts';
import type { Entry } from '../../log/packet/entry.ts';
import { nameAddress } from '../../naming/conversations.ts';
import type { Finding } from '../finding.ts';

/** Lines listed at the most. */
const LISTED = 5;

/** Multicast, broadcast and link-local addresses name no other machine by themselves. */
const IS_NO_MACHINE = /^(22[4-9]\.|23\d\.|255\.255\.255\.255|0\.0\.0\.0|f[ef][89ab\d]|::$)/i;

/**
 * Whether one end of it is known to be this server's and the other another machine's. A rule that rejects has the kernel answer in the other's
 * name, or tell the sender by an error, and both come by lo.
 */
export const isForAnother = ({ ownAddresses }: Surroundings, entry: Entry): boolean => {
  const { src, dst } = entry.embedded ?? entry;
  if (!entry.loopback || src === null || dst === null || src === dst) return false;
  const isOwn = (address: string) => !isLoopbackText(address) && (ownAddresses?.includes(address) ?? false);
  const isOther = (address: string) => !isLoopbackText(address) && !isOwn(address) && !IS_NO_MACHINE.test(address);
  return (isOwn(src) && isOther(dst)) || (isOwn(dst) && isOther(src));
};

const tell = (entry: Entry): string => {
  const packet = entry.embedded ?? entry;
  const flags = packet.flags.length === 0 ? '' : ` (${packet.flags.join(' ')})`;
  const way = `${packet.proto} from ${nameAddress(packet.src ?? '?', packet.spt)} to ${nameAddress(packet.dst ?? '?', packet.dpt)}${flags}`;
  return entry.embedded === null ? way : `an error (${entry.proto ?? 'ICMP'}) about ${way}`;
};

/** Told as what they are; null where there are none. */
export const findAnsweredForOthers = (surroundings: Surroundings, entries: readonly Sighting[]): Finding | null => {
  const countNew = createSightingCounter();
  const found = entries.filter(({ line }) => isForAnother(surroundings, line.entry));
  const packets = found.reduce((sum, one) => sum + countNew(one), 0);
  const lines = [...new Set(found.map(({ line }) => tell(line.entry)))];
  if (lines.length === 0) return null;
  return {
    id: 'answered-for-another',
    severity: 'warning',
    title: `What came by lo in ${packets === 1 ? '1 packet' : `${packets} packets`} is no loopback traffic: an end of it is another machine.`,
    evidence: [...lines.slice(0, LISTED), ...(lines.length > LISTED ? [`and ${lines.length - LISTED} more`] : [])],
    advice:
      'So it looks where a rule rejects packets to another machine: the kernel answers in its name, or by an error, and sends that over lo. A permit of loopback lets such an answer through and changes nothing about what was rejected.',
    commands: [],
  };
};
