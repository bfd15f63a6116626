// `iptables -L`: chains as a table for people.
import { splitWords } from '../../../firewall/iptables/split-words.ts';
import { parseProtocol } from '../../../firewall/iptables/values.ts';
import type { Flags } from './parse-command.ts';
import { type ChainState, countReferences, type RuleState, type TableState } from './tables.ts';

/** The listing of chains with their rules, or of one rule only where a number is given. */
export function listChains(
  table: TableState,
  chains: readonly (readonly [string, ChainState])[],
  number: number | null,
  flags: Flags,
): string {
  return chains
    .map(([name, chain]) => {
      const rows = chain.rules.map((rule, index) => row(rule, index + 1, flags));
      if (number !== null) return `${rows[number - 1] ?? ''}\n`;
      return [head(table, name, chain, flags), columns(flags), ...rows, ''].join('\n');
    })
    .join('\n');
}

function head(
  table: TableState,
  name: string,
  { policy, packets, bytes }: ChainState,
  { verbose, exact }: Flags,
): string {
  const counters = verbose ? ` ${count(packets, exact)} packets, ${count(bytes, exact)} bytes` : '';
  return policy
    ? `Chain ${name} (policy ${policy}${counters})`
    : `Chain ${name} (${countReferences(table, name)} references)`;
}

function columns({ verbose, exact, numbers }: Flags): string {
  const wide = exact ? '    pkts      bytes ' : ' pkts bytes ';
  const start = `${numbers ? 'num  ' : ''}${verbose ? wide : ''}`;
  const devices = verbose ? 'in     out     ' : '';
  return `${start}target     prot opt ${devices}source               destination         `;
}

/** A rule's words sorted into the columns. */
function row({ text, packets, bytes }: RuleState, number: number, flags: Flags): string {
  const words = splitWords(text) ?? [];
  const { values, rest } = sortWords(words);
  const anywhere = flags.numeric ? '0.0.0.0/0' : 'anywhere';
  const width = flags.exact ? [8, 8] : [5, 5];
  const counters = flags.verbose
    ? `${count(packets, flags.exact).padStart(width[0] ?? 0)} ${count(bytes, flags.exact).padStart(width[1] ?? 0)} `
    : '';
  const num = flags.numbers ? `${number}`.padEnd(5) : '';
  const devices = flags.verbose
    ? `${(values.get('-i') ?? '*').padEnd(6)} ${(values.get('-o') ?? '*').padEnd(6)}  `
    : '';
  const target = values.get('-j') ?? values.get('-g') ?? '';
  const protocol = showProtocol(values.get('-p') ?? 'all', flags.numeric).padEnd(4);
  const addresses = ['-s', '-d'].map((side) => showAddress(values.get(side), anywhere).padEnd(20)).join(' ');
  const described = [describe(rest), target === 'LOG' ? describeLog(rest) : ''].filter((part) => part !== '').join(' ');
  return `${num}${counters}${target.padEnd(10)} ${protocol} --  ${devices}${addresses}${described === '' ? '' : ` ${described}`}`;
}

const COLUMNS = ['-s', '-d', '-i', '-o', '-p', '-j', '-g'];

/** `! -o lo` is `!lo` in its column; all that has no column goes into `rest`. */
function sortWords(words: readonly string[]): { values: Map<string, string>; rest: string[] } {
  const values = new Map<string, string>();
  const rest: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const not = words[at] === '!' && COLUMNS.includes(words[at + 1] ?? '');
    if (not) at += 1;
    const word = words[at] ?? '';
    if (!COLUMNS.includes(word)) rest.push(word);
    else {
      at += 1;
      values.set(word, `${not ? '!' : ''}${words[at] ?? ''}`);
    }
  }
  return { values, rest };
}

function count(value: number, exact: boolean): string {
  if (exact || value < 100_000) return `${value}`;
  return value < 10_000_000 ? `${Math.round(value / 1000)}K` : `${Math.round(value / 1_000_000)}M`;
}

function showProtocol(name: string, numeric: boolean): string {
  return numeric ? name.replace(/[\w-]+/, (word) => `${parseProtocol(word) ?? word}`) : name;
}

function showAddress(address: string | undefined, anywhere: string): string {
  return address?.replace(/\/(32|128)$/, '') ?? anywhere;
}

/** How `-L` words the options, where it does so differently from iptables-save. */
const WORDED: readonly (readonly [RegExp, string])[] = [
  [/-m comment --comment "((?:[^"\\]|\\.)*)"/g, '/* $1 */'],
  [/-m comment --comment (\S+)/g, '/* $1 */'],
  [/-m (tcp|udp)\b/g, '$1'],
  [/! --([sd])port (\d+:\d+)/g, '$1pts:!$2'],
  [/! --([sd])port (\d+)/g, '$1pt:!$2'],
  [/--([sd])port (\d+:\d+)/g, '$1pts:$2'],
  [/--([sd])port (\d+)/g, '$1pt:$2'],
  [/-m (?:conntrack|state|icmp6?|mark|multiport) /g, ''],
  [/! --(ctstate|state) (\S+)/g, '! $1 $2'],
  [/--(ctstate|state) (\S+)/g, '$1 $2'],
  [/--([sd]?ports) (\S+)/g, 'multiport $1 $2'],
  [/--icmp-type (\S+)/g, 'icmptype $1'],
  [/--icmpv6-type (\S+)/g, 'ipv6-icmptype $1'],
  [/--tcp-flags (\S+) (\S+)/g, 'flags:$1/$2'],
  [/-m limit --limit (\S+)( --limit-burst (\S+))?/g, 'limit: avg $1 burst $3'],
  [/-m owner --uid-owner (\S+)/g, 'owner UID match $1'],
  [/-m addrtype --dst-type (\S+)/g, 'ADDRTYPE match dst-type $1'],
  [/--reject-with/g, 'reject-with'],
  [/--log-prefix ("[^"]*"|\S+)|--log-level \S+|--log-[a-z-]+/g, ''],
];

const LOG_FLAGS = ['--log-tcp-sequence', '--log-tcp-options', '--log-ip-options', '--log-uid', '', '--log-macdecode'];

/** `LOG flags 0 level 4 prefix "OUT: "` */
function describeLog(rest: readonly string[]): string {
  const flags = LOG_FLAGS.reduce((sum, name, bit) => (rest.includes(name) ? sum | (1 << bit) : sum), 0);
  const wordAfter = (name: string) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : undefined);
  const prefix = wordAfter('--log-prefix');
  return `LOG flags ${flags} level ${wordAfter('--log-level') ?? 4}${prefix === undefined ? '' : ` prefix "${prefix}"`}`;
}

function describe(rest: readonly string[]): string {
  const text = rest.map((word) => (/[ "]/.test(word) ? `"${word.replaceAll('"', '\\"')}"` : word)).join(' ');
  const worded = WORDED.reduce((said, [pattern, wording]) => said.replaceAll(pattern, wording), text);
  return worded.replace(/(limit: avg \S+ burst )(?= |$)/, '$15').trim();
}
