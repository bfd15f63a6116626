// What ferm's configuration sets the policies of chains to: rules that it has made bear no mark, but these have to be in force then.
import type { Host } from '../host.ts';

/** `chain INPUT { policy DROP; … }`, `chain (INPUT FORWARD) policy DROP;` as far as the file says it outright; null: it says none. */
export async function readFermPolicies(host: Host): Promise<Readonly<Record<string, 'accept' | 'drop'>> | null> {
  const { code, stdout } = await host.run(['cat', '/etc/ferm/ferm.conf']);
  return code === 0 ? parseFermPolicies(stdout) : null;
}

/** Of tables other than filter, and of IPv6 alone, nothing is taken: `domain` and `table` before the chain say so. */
export function parseFermPolicies(text: string): Readonly<Record<string, 'accept' | 'drop'>> | null {
  const bare = text.replaceAll(/#.*$/gm, '');
  // Conditions, variables and other files may say otherwise.
  if (/@if\b|@else\b/.test(bare)) return null;
  const policies: Record<string, 'accept' | 'drop'> = {};
  for (const [, chains = '', policy] of bare.matchAll(/\bchain\s+(\([^)]*\)|\w+)\s*\{?\s*policy\s+(ACCEPT|DROP)\b/g))
    for (const chain of chains.replaceAll(/[()]/g, ' ').trim().split(/\s+/))
      policies[chain] ??= policy === 'DROP' ? 'drop' : 'accept';
  return Object.keys(policies).length === 0 ? null : policies;
}
