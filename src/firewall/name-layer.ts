// How a layer is called where it is evidence.
import type { Owner } from './model.ts';

/** `iptables`, `iptables-legacy` or `nftables`. */
export const nameLayer = ({ layer, variant }: Pick<Owner, 'layer' | 'variant'>): string =>
  variant === 'legacy' ? 'iptables-legacy' : layer;
