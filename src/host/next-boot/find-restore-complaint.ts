// What iptables-restore has to say against a saved file, found out without touching the rules in force.
import type { Command, Host } from '../host.ts';

const NOT_FOUND = 127;

/** The file is loaded in a network namespace that is gone at once: `--test` of iptables-nft checks little more than the grammar. */
const LOAD_ASIDE = ['unshare', '-n', 'sh', '-c', 'exec "$0" <"$1"'] as const;
const TEST: Command = ['sh', '-c', 'exec "$0" --test <"$1"'];

/**
 * The complaint about a file that is to take the old one's place, or null. What the old file is refused for as well (an ipset that
 * only the boot makes) says nothing against the new one.
 */
export async function findRestoreComplaint(
  host: Host,
  family: 'ip' | 'ip6',
  file: string,
  oldFile: string | null,
): Promise<string | null> {
  const restore = `${family}tables-restore`;
  for (const way of [LOAD_ASIDE, TEST]) {
    const { code, stderr } = await host.run([...way, restore, file]);
    if (code === 0) return null;
    // No unshare, or none allowed: the next way is left.
    if (way === LOAD_ASIDE && (code === NOT_FOUND || stderr.startsWith('unshare: '))) continue;
    const isNew = oldFile === null || (await host.run([...way, restore, oldFile])).code === 0;
    if (isNew) return `${restore} would not load it: ${stderr.trim()}`;
  }
  return null;
}
