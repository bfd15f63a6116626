// How layers and the tools of their owners are called.
import type { Family, Owner } from './model.ts';

/** `iptables`, `iptables-legacy` or `nftables`. */
export const nameLayer = ({ layer, variant }: Pick<Owner, 'layer' | 'variant'>): string =>
  variant === 'legacy' ? 'iptables-legacy' : layer;

/** The tool that owns a table, as its users call it: `iptables`, `ip6tables-legacy`, `nftables`. */
export const nameTool = ({ layer, variant, family }: Pick<Owner, 'layer' | 'variant'> & { family: Family }): string => {
  if (layer === 'nftables') return layer;
  const tool = family === 'ip6' ? 'ip6tables' : 'iptables';
  return variant === 'legacy' ? `${tool}-legacy` : tool;
};
