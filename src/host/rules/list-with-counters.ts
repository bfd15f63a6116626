// What lists a table with the kernel's counters of its rules.
import type { ChainPlace } from '../../firewall/fix/plan.ts';
import type { Command } from '../host.ts';

type TablePlace = Pick<ChainPlace, 'layer' | 'variant' | 'family' | 'table'>;

/** A table of iptables as iptables-save prints it; one of nft as text, or as the document of `nft -j`. */
export function listWithCounters({ layer, variant, family, table }: TablePlace, nft: 'text' | 'document'): Command {
  if (layer === 'iptables')
    return [`${family === 'ip6' ? 'ip6tables' : 'iptables'}-${variant}-save`, '-c', '-t', table];
  return ['nft', ...(nft === 'document' ? ['-j'] : []), 'list', 'table', family, table];
}
