// What dumps hold and what they don't: an answer may only be given for what is in them.
import type { Ruleset, Table } from '../model/model.ts';

/** An IP version that a loopback conversation can have. */
export type IpFamily = 'ip' | 'ip6';

/**
 * `answers`: the families for which the tables that decide what passes are in the dumps; `missing` names, for people, what a server may have
 * beyond the dumps, with the command that prints it.
 */
export type DumpContents = { readonly answers: readonly IpFamily[]; readonly missing: readonly string[] };

const FAMILIES: readonly IpFamily[] = ['ip', 'ip6'];
const NAMES: Readonly<Record<IpFamily, string>> = { ip: 'IPv4', ip6: 'IPv6' };
const PRINTS: Readonly<Record<IpFamily, string>> = { ip: 'iptables-save', ip6: 'ip6tables-save' };

/**
 * What can be known from the dumps alone. `nft list ruleset` is whole: both families of nf_tables, iptables-nft's tables among them (which it
 * may not be able to print). iptables-save prints the tables that are loaded, and the same with `-t nat`: without a filter table it can't be
 * told whether there is one, so nothing passes by it for sure.
 */
export const findDumpContents = ({ tables }: Ruleset, hasNft: boolean): DumpContents => {
  const holds = (family: IpFamily, fits: (table: Table) => boolean) =>
    tables.some((table) => table.layer === 'iptables' && table.family === family && fits(table));
  const answers = FAMILIES.filter((family) => hasNft || holds(family, ({ name }) => name === 'filter'));
  return {
    answers,
    missing: [
      ...FAMILIES.filter((family) => !answers.includes(family)).map((family) =>
        holds(family, () => true)
          ? `the filter table of ${NAMES[family]} (${PRINTS[family]} without -t)`
          : `${NAMES[family]} (${PRINTS[family]})`,
      ),
      ...(hasNft ? [] : ['tables of nftables (nft list ruleset)']),
      ...(tables.some(({ variant }) => variant === 'legacy')
        ? []
        : ['tables of iptables-legacy (iptables-legacy-save)']),
    ],
  };
};
