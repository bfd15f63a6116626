// Dumps from files as one ruleset, whatever tool printed them.

import { parseDump } from '../firewall/dumps/parse-dump.ts';
import type { Recognised } from '../firewall/dumps/recognise.ts';
import { combineLayers } from '../firewall/model/combine-layers.ts';
import type { Ruleset } from '../firewall/model/model.ts';
import { ParseError } from '../firewall/model/parse-error.ts';
import { type DumpContents, findDumpContents } from '../firewall/questions/dump-contents.ts';
import { HostError } from '../host/host.ts';

/** A dump to read; `family` only where the text of iptables-save doesn't tell it. */
export type DumpFile = { readonly path: string; readonly family: 'ip' | 'ip6' | null };

/** The rules, and what the dumps can answer for. */
export type DumpedRules = { readonly ruleset: Ruleset; readonly contents: DumpContents };

/**
 * Reads what people have at hand: dumps of iptables-save, ip6tables-save, `iptables -S`, nft's JSON and text, rules files, several of them in one
 * file; told apart by their text; the layers add up. Throws a ParseError for a line that can't be read and for tables that no dump shows, a
 * HostError for a file that can't be read or is something else.
 */
export function readDumps(files: readonly DumpFile[], readFile: (path: string) => string): DumpedRules {
  const dumps = files.map(({ path, family }) => {
    const parsed = parseDump(readText(path, readFile), { file: path, family });
    if ('recognised' in parsed) throw tellRecognised(path, parsed.recognised);
    return { path, ...parsed };
  });
  const hasNft = dumps.some(({ nft }) => nft !== null);
  const [first] = dumps.flatMap(({ path, unprinted }) => unprinted.map((table) => ({ file: path, ...table })));
  if (first !== undefined && !hasNft) throw new ParseError({ ...first, expected: NFT });
  const ruleset = combineLayers({
    iptables: dumps.flatMap(({ iptables }) => iptables),
    nft: dumps.flatMap(({ nft }) => nft ?? []),
  });
  const { answers, missing } = findDumpContents(ruleset, hasNft);
  const notes = dumps.flatMap(({ assumed }) => assumed.map(tellAssumed));
  return { ruleset, contents: { answers, missing: [...missing, ...notes] } };
}

const tellAssumed = (path: string): string =>
  `which IP version ${path} is of: it was taken for IPv4 (--rules6 where it is not)`;

const tellRecognised = (path: string, { what, commands }: Recognised): HostError =>
  new HostError(`${path} is ${what}.`, {
    nextSteps:
      commands.length === 0
        ? []
        : [`Print the rules on the server as root and give what this prints: ${commands.join(', ')}`],
  });

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
