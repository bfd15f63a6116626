// The tables of iptables and where their built-in chains are hooked.
import type { Base, Hook } from '../../model/model.ts';

const HOOKS: Readonly<Record<string, Hook>> = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'postrouting',
};

/** Priorities of include/uapi/linux/netfilter_ipv4.h; nat rewrites destinations early and sources late. */
const TABLES: Readonly<Record<string, { readonly chains: readonly string[]; priority(hook: Hook): number }>> = {
  raw: { chains: ['PREROUTING', 'OUTPUT'], priority: () => -300 },
  mangle: { chains: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'], priority: () => -150 },
  nat: {
    chains: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
    priority: (hook) => (hook === 'prerouting' || hook === 'output' ? -100 : 100),
  },
  filter: { chains: ['INPUT', 'FORWARD', 'OUTPUT'], priority: () => 0 },
  security: { chains: ['INPUT', 'FORWARD', 'OUTPUT'], priority: () => 50 },
};

/** The priority in iptables/nft.c, where NF_IP_PRI_SECURITY is 50. */
const NFT_SECURITY = 150;

/** The names of iptables' tables. */
export const TABLE_NAMES: readonly string[] = Object.keys(TABLES);

/** Where a chain of a table is hooked, or null for a user's chain. iptables-nft hooks its security table later than legacy does. */
export function builtinBase(
  table: string,
  chain: string,
  policy: 'accept' | 'drop',
  variant: 'nft' | 'legacy' = 'nft',
): Base | null {
  const known = TABLES[table];
  const hook = HOOKS[chain];
  if (!known || !hook || !known.chains.includes(chain)) return null;
  const type = table === 'nat' ? 'nat' : table === 'mangle' && hook === 'output' ? 'route' : 'filter';
  const priority = table === 'security' && variant === 'nft' ? NFT_SECURITY : known.priority(hook);
  return { hook, priority, type, policy, devices: [] };
}
