// Dumps from files as one ruleset, whatever tool printed them.
import { combineLayers } from '../firewall/combine-layers.ts';
import { parseIptablesSave } from '../firewall/iptables/parse-iptables-save.ts';
import type { Ruleset, Table } from '../firewall/model.ts';
import { parseNftRuleset } from '../firewall/nftables/parse-nft-ruleset.ts';
import { HostError } from '../host/host.ts';

/** A dump to read; `family` only where the text of iptables-save doesn't tell it. */
export type DumpFile = { readonly path: string; readonly family: 'ip' | 'ip6' | null };

/**
 * Reads dumps of iptables-save, ip6tables-save and `nft -j list ruleset`, told apart by their text; the layers add up. Throws a ParseError for what
 * is none of them, a HostError for a file that can't be read.
 */
export function readDumps(files: readonly DumpFile[], readFile: (path: string) => string): Ruleset {
  const iptables: Table[] = [];
  const nft: Table[] = [];
  for (const { path, family } of files) {
    const text = readText(path, readFile);
    if (/^\s*\{/.test(text)) nft.push(...parseNftRuleset(text, { file: path }));
    else iptables.push(...parseIptablesSave(text, family ? { file: path, family } : { file: path }));
  }
  return combineLayers({ iptables, nft });
}

function readText(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (error) {
    throw new HostError(`${path} can't be read: ${error instanceof Error ? error.message : error}`, {
      nextSteps: ['Give the file that iptables-save, ip6tables-save or "nft -j list ruleset" wrote.'],
    });
  }
}
