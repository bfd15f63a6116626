// The conditions that nft puts in front of an expression without printing them.
import type { Family } from '../../model/model.ts';
import type { Condition } from '../../model/steps.ts';
import { findField } from '../fields.ts';
import { contentOf, isList, type Json, soleEntry, stringAt } from '../read/json.ts';

/**
 * What must hold before `expression` is read at all: `ah spi 5` asks for the protocol AH, `ether saddr` for an Ethernet device.
 * Fields of the model need none of this, as a field that the packet does not have is never met.
 */
export function findRequirements(expression: Json, family: Family): readonly Condition[] {
  const entry = soleEntry(expression);
  if (entry === null) return [];
  const [name, content] = entry;
  if (isList(content)) return content.flatMap((part) => findRequirements(part, family));
  if (name === 'exthdr') return [onlyIn('meta nfproto', 10), ...presence(content)];
  if (name === 'ip option') return [onlyIn('meta nfproto', 2)];
  if (name !== 'payload' || findField(expression)?.field !== null) return [];
  return protocolRequirement(stringAt(content, 'protocol'), family);
}

/** What must hold before `expression` is written to: its header is there. */
export function findHeader(expression: Json, family: Family): readonly Condition[] {
  const [name, content] = soleEntry(expression) ?? [];
  if (name === 'tcp option') return protocolRequirement('tcp', family);
  return name === 'payload' ? protocolRequirement(stringAt(content, 'protocol'), family) : [];
}

/** A field of an extension header is read where there is such a header. */
function presence(content: Json): readonly Condition[] {
  const field = contentOf(content, 'field');
  const name = stringAt(content, 'name');
  const header = name === undefined ? null : findField({ exthdr: { name } })?.field;
  if (field === undefined || !header) return [];
  return [{ kind: 'compare', operand: { kind: 'field', field: header }, negated: false, values: [1] }];
}

function protocolRequirement(protocol: string | undefined, family: Family): readonly Condition[] {
  if (protocol === undefined) return [];
  const number = TRANSPORTS[protocol];
  if (number !== undefined) return [onlyIn('meta l4proto', number)];
  if (protocol === 'ip') return [onlyIn('meta nfproto', 2)];
  if (protocol === 'ip6') return [onlyIn('meta nfproto', 10)];
  const isLink = protocol === 'ether' || protocol === 'vlan' || protocol === 'arp';
  return isLink && family !== 'netdev' ? [onlyIn('meta iiftype', ETHERNET)] : [];
}

const ETHERNET = 1;

const TRANSPORTS: Partial<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  comp: 108,
  sctp: 132,
  udplite: 136,
};

/** The condition that the field has the value: `meta nfproto ipv4`. */
export function onlyIn(field: 'meta nfproto' | 'meta l4proto' | 'meta iiftype', value: number): Condition {
  return { kind: 'compare', operand: { kind: 'field', field }, negated: false, values: [value] };
}
