// Dumps from files as one ruleset, whatever tool printed them.
import { combineLayers } from '../firewall/combine-layers.ts';
import { type DumpContents, findDumpContents } from '../firewall/dump-contents.ts';
import { findUnprintedTables } from '../firewall/iptables/find-unprinted-tables.ts';
import { parseIptablesSave } from '../firewall/iptables/parse-iptables-save.ts';
import type { Ruleset, Table } from '../firewall/model.ts';
import { parseNftRuleset } from '../firewall/nftables/parse-nft-ruleset.ts';
import { ParseError } from '../firewall/parse-error.ts';
import { HostError } from '../host/host.ts';

/** A dump to read; `family` only where the text of iptables-save doesn't tell it. */
export type DumpFile = { readonly path: string; readonly family: 'ip' | 'ip6' | null };

/** The rules, and what the dumps can answer for. */
export type DumpedRules = { readonly ruleset: Ruleset; readonly contents: DumpContents };

/**
 * Reads dumps of iptables-save, ip6tables-save and `nft -j list ruleset`, told apart by their text; the layers add up. Throws a ParseError for what
 * is none of them and for tables that no dump shows, a HostError for a file that can't be read.
 */
export function readDumps(files: readonly DumpFile[], readFile: (path: string) => string): DumpedRules {
  const iptables: Table[] = [];
  const nft: Table[] = [];
  let hasNft = false;
  const unprinted: ParseError[] = [];
  for (const { path, family } of files) {
    const text = readText(path, readFile);
    if (/^\s*\{/.test(text)) {
      hasNft = true;
      nft.push(...parseNftRuleset(text, { file: path }));
      continue;
    }
    iptables.push(...parseIptablesSave(text, family ? { file: path, family } : { file: path }));
    unprinted.push(
      ...findUnprintedTables(text).map((table) => new ParseError({ file: path, ...table, expected: NFT })),
    );
  }
  const [first] = unprinted;
  if (first !== undefined && !hasNft) throw first;
  const ruleset = combineLayers({ iptables, nft });
  return { ruleset, contents: findDumpContents(ruleset, hasNft) };
}

/** Without it, rules that are in force would count as absent. */
const NFT = 'the output of `nft -j list ruleset` as well (one more --rules): only nft can print this table';

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'its permissions do not let this user',
};

/** In words; Node's own where there are none. */
function tellReadError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return ('code' in error && READ_ERRORS[String(error.code)]) || error.message;
}

function readText(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (error) {
    throw new HostError(`${path} can't be read: ${tellReadError(error)}.`, {
      nextSteps: ['Give the file that iptables-save, ip6tables-save or "nft -j list ruleset" wrote.'],
    });
  }
}
