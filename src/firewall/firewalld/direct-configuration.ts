// All that firewalld is told directly, in force or permanent: are two the same, and what does one make in the tables of iptables?
import { type DirectRule, parseDirectRules } from './direct-rule.ts';

/** What `firewall-cmd --direct` prints with `--get-all-rules`, `--get-all-passthroughs` and `--get-all-chains` (`ipv4 filter mine`). */
export type DirectConfiguration = {
  readonly rules: string;
  readonly passthroughs: string;
  readonly chains: string;
};

/** Whether firewalld makes the same of both: rules go by their priorities, passthroughs come after them as they stand. Bridges aside. */
export function isSameDirect(one: DirectConfiguration, other: DirectConfiguration): boolean {
  return [rulesInOrder, passthroughs, chains].every((part) => part(one).join('\n') === part(other).join('\n'));
}

const BUILT_IN = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

/** The tables that the rules make, one text of iptables-save for each family that has any. */
export function printDirectTables(configuration: DirectConfiguration): { family: 'ip' | 'ip6'; text: string }[] {
  const rules = parseDirectRules(rulesInOrder(configuration).join('\n'), passthroughs(configuration).join('\n'));
  return (['ip', 'ip6'] as const).flatMap((family) => {
    const own = Map.groupBy(
      rules.filter((rule) => rule.family === family),
      ({ table }) => table,
    );
    const ofUser = chains(configuration).map((line) => line.split(' '));
    const tables = [...own].map(([table, within]) => {
      const version = family === 'ip' ? 'ipv4' : 'ipv6';
      const added = ofUser.flatMap(([ipv, where, chain]) => (ipv === version && where === table && chain ? chain : []));
      return printTable(table, new Set([...within.map(({ chain }) => chain), ...added]), within);
    });
    return tables.length === 0 ? [] : { family, text: tables.join('') };
  });
}

/** What puts itself first stands before what does so earlier. */
function printTable(table: string, chains: ReadonlySet<string>, rules: readonly DirectRule[]): string {
  const heads = [...chains].map((chain) => `:${chain} ${BUILT_IN.includes(chain) ? 'ACCEPT' : '-'} [0:0]`);
  const first = rules.filter(({ isFirst }) => isFirst).reverse();
  const texts = [...first, ...rules.filter(({ isFirst }) => !isFirst)].map(({ text }) => text);
  return `*${table}\n${[...heads, ...texts].join('\n')}\nCOMMIT\n`;
}

/** Passthroughs come after the direct rules of their chain. */
const AFTER_ALL = Number.MAX_SAFE_INTEGER;

function rulesInOrder({ rules }: DirectConfiguration): string[] {
  return parseDirectRules(rules, '')
    .sort(
      (one, other) =>
        compare(nameChain(one), nameChain(other)) || (one.priority ?? AFTER_ALL) - (other.priority ?? AFTER_ALL),
    )
    .map(({ printed }) => printed);
}

function nameChain({ family, table, chain }: DirectRule): string {
  return `${family} ${table} ${chain}`;
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function passthroughs({ passthroughs }: DirectConfiguration): string[] {
  return linesForIp(passthroughs);
}

function chains({ chains }: DirectConfiguration): string[] {
  return linesForIp(chains).sort();
}

function linesForIp(text: string): string[] {
  return text.split('\n').filter((line) => /^ipv[46] /.test(line));
}
