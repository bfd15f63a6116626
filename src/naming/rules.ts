// How rules and chains are named to people: one way, wherever they are told.

import type { RulePlace } from '../firewall/conversation/trace.ts';
import type { ChainPlace } from '../firewall/fix/plan.ts';
import { nameTool } from '../firewall/model/name-layer.ts';

const FAMILIES = {
  ip: 'IPv4',
  ip6: 'IPv6',
  inet: 'IPv4 and IPv6',
  netdev: 'device',
  arp: 'ARP',
  bridge: 'bridge',
} as const;

/** A chain in words: `OUTPUT (iptables, IPv4)`; the table is named where it is not `filter`. */
export const nameChain = (place: ChainPlace): string => {
  const table = place.layer === 'iptables' && place.table === 'filter' ? '' : `, table ${place.table}`;
  return `${place.chain} (${nameTool(place)}${table}, ${FAMILIES[place.family]})`;
};

/** A rule in words: `rule 7 of OUTPUT (iptables, IPv4)`, or `the policy of OUTPUT (…)`; then in brackets what its owner calls it. */
export const nameRule = (rule: RulePlace): string => {
  const origin = rule.origin === undefined ? '' : ` [${rule.origin}]`;
  return `${rule.number === 0 ? 'the policy' : `rule ${rule.number}`} of ${nameChain(rule)}${origin}`;
};

/** A rule as evidence: its name, and its text: `rule 7 of OUTPUT (iptables, IPv4): -A OUTPUT -j DROP`. */
export const citeRule = (rule: RulePlace): string => `${nameRule(rule)}: ${rule.text}`;
