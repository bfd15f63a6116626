// `iptables -L`: chains as a table for people.
import { splitWords } from '../../../firewall/iptables/read/split-words.ts';
import { parseProtocol } from '../../../firewall/iptables/values.ts';
import { describeRule } from './describe-rule.ts';
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
  const width = flags.exact ? 8 : 5;
  const counted = [packets, bytes].map((value) => `${count(value, flags.exact).padStart(width)} `).join('');
  const counters = flags.verbose ? counted : '';
  const num = flags.numbers ? `${number}`.padEnd(5) : '';
  const devices = flags.verbose ? `${['-i', '-o'].map((side) => signed(values.get(side) ?? '*', 6)).join('')} ` : '';
  const target = values.get('-j') ?? values.get('-g') ?? '';
  const protocol = showProtocol(values.get('-p') ?? 'all', flags.numeric).padEnd(4);
  const addresses = ['-s', '-d'].map((side) => showAddress(values.get(side), anywhere)).join('');
  const described = describeRule(rest, target);
  return `${num}${counters}${target.padEnd(10)} ${protocol} ${values.get('-f') ?? '--'} ${devices}${addresses}${described === '' ? '' : ` ${described}`}`;
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
    if (word === '-f') values.set('-f', not ? '!f' : '-f');
    else if (!COLUMNS.includes(word)) rest.push(word);
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
  return `${signed(address?.replace(/\/(32|128)$/, '') ?? anywhere, 19)} `;
}

/** A negation's sign stands in the blank before the column. */
function signed(value: string, width: number): string {
  return value.startsWith('!') ? `!${value.slice(1).padEnd(width)}` : ` ${value.padEnd(width)}`;
}
