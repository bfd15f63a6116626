// Direct rules of firewalld: what it puts into the tables of iptables, outside of its own zones and policies.
import { splitWords } from '../iptables/read/split-words.ts';
import type { KnownRule } from '../questions/with-origins.ts';

/**
 * Where a direct rule stands; `priority` orders the rules of a chain, null is a passthrough, which comes after them; `isFirst`: one that puts
 * itself first (-I). `text`: what it does, as an appended rule of iptables. `printed`: as firewalld prints it.
 */
export type DirectRule = {
  readonly family: 'ip' | 'ip6';
  readonly table: string;
  readonly chain: string;
  readonly priority: number | null;
  readonly isFirst: boolean;
  readonly text: string;
  readonly printed: string;
};

/**
 * Reads what `firewall-cmd --direct` prints with `--get-all-rules` and `--get-all-passthroughs`; those for bridges are left out.
 * Samples: `ipv4 filter OUTPUT 5 -o lo -p tcp -j DROP` and `ipv6 -t raw -A OUTPUT -j DROP`
 */
export function parseDirectRules(rules: string, passthroughs: string): DirectRule[] {
  return [...rules.split('\n').flatMap(parseRule), ...passthroughs.split('\n').flatMap(parsePassthrough)];
}

/** What firewalld makes of them: in the chain itself, or, where iptables is its backend, in one that only direct rules are in. */
export function findDirectRules(rules: readonly DirectRule[]): KnownRule[] {
  return rules.flatMap(({ family, table, chain, priority, text, printed }) => {
    const origin = `firewalld ${priority === null ? 'passthrough' : 'direct rule'}: ${printed}`;
    return [chain, `${chain}_direct`].map((name) => ({ family, table, chain: name, text, origin }));
  });
}

function parseRule(line: string): DirectRule[] {
  const [head, version, table, chain, priority] = /^ipv([46]) (\S+) (\S+) (-?\d+) /.exec(line) ?? [];
  if (head === undefined || table === undefined || chain === undefined) return [];
  const text = `-A ${chain} ${inDoubleQuotes(line.slice(head.length))}`;
  return [{ family: familyOf(version), table, chain, priority: Number(priority), isFirst: false, text, printed: line }];
}

const TABLE = ['-t', '--table'];
const APPEND = ['-A', '--append'];
const INSERT = ['-I', '--insert'];

function parsePassthrough(line: string): DirectRule[] {
  const [version, ...words] = splitWords(inDoubleQuotes(line)) ?? [];
  if (version !== 'ipv4' && version !== 'ipv6') return [];
  const after = (options: readonly string[]) =>
    words.find((_, at) => options.some((option) => option === words[at - 1]));
  const chain = after([...APPEND, ...INSERT]);
  if (chain === undefined) return [];
  const text = `-A ${chain} ${withoutPlace(words).map(quote).join(' ')}`;
  const isFirst = words.some((word) => INSERT.includes(word));
  const table = after(TABLE) ?? 'filter';
  return [{ family: familyOf(version.slice(-1)), table, chain, priority: null, isFirst, text, printed: line }];
}

/** The words without table, chain and the number behind it. */
function withoutPlace(words: readonly string[]): readonly string[] {
  const isPlace = (word: string) => [...TABLE, ...APPEND, ...INSERT].includes(word);
  return words.filter((word, at) => {
    const [before = '', last = ''] = [words[at - 2], words[at - 1]];
    return !isPlace(word) && !isPlace(last) && !(INSERT.includes(before) && /^\d+$/.test(word));
  });
}

/** firewalld quotes as a shell is told to, `'no mail'`; iptables-save and its like know double quotes only. */
function inDoubleQuotes(line: string): string {
  return line.replace(/'([^']*)'/g, (_, word: string) => inQuotes(word));
}

function quote(word: string): string {
  return /[\s"']/.test(word) ? inQuotes(word) : word;
}

function inQuotes(word: string): string {
  return `"${word.replace(/["\\]/g, '\\$&')}"`;
}

function familyOf(version: string | undefined): 'ip' | 'ip6' {
  return version === '6' ? 'ip6' : 'ip';
}
