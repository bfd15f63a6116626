// An iptables command line: what it asks for, checked as getopt and iptables check it.
import { refused, wrongUsage } from './iptables-error.ts';
import { createRuleParser, type RuleParser, type RuleReading } from './parse-rule.ts';

/** What a command line asks for. `rules` are as iptables-save prints them; more than one where an address was a list. */
export type Request = { readonly table: string; readonly flags: Flags } & (
  | { readonly command: 'append' | 'delete' | 'check'; readonly chain: string; readonly rules: readonly string[] }
  | {
      readonly command: 'insert' | 'replace';
      readonly chain: string;
      readonly number: number;
      readonly rules: readonly string[];
    }
  | { readonly command: 'delete-number'; readonly chain: string; readonly number: number }
  | { readonly command: 'list' | 'list-rules'; readonly chain: string | null; readonly number: number | null }
  | { readonly command: 'flush' | 'zero' | 'delete-chain'; readonly chain: string | null }
  | { readonly command: 'new-chain'; readonly chain: string }
  | { readonly command: 'rename-chain' | 'policy'; readonly chain: string; readonly to: string }
  | { readonly command: 'help' | 'version' }
);

/** How a listing is printed. */
export type Flags = {
  readonly verbose: boolean;
  readonly numeric: boolean;
  readonly exact: boolean;
  readonly numbers: boolean;
};

/** The commands: letter, long name, how many words they need and how many more they take. */
const COMMANDS = [
  ['A', 'append', 1, 0], ['C', 'check', 1, 0], ['D', 'delete', 1, 1], ['I', 'insert', 1, 1], ['R', 'replace', 2, 0],
  ['L', 'list', 0, 2], ['S', 'list-rules', 0, 2], ['F', 'flush', 0, 1], ['Z', 'zero', 0, 1], ['N', 'new-chain', 1, 0],
  ['X', 'delete-chain', 0, 1], ['E', 'rename-chain', 2, 0], ['P', 'policy', 2, 0], ['h', 'help', 0, 0], ['V', 'version', 0, 0],
] as const; // biome-ignore format: a table

type CommandName = (typeof COMMANDS)[number][1];
type Asked = { readonly letter: string; readonly name: CommandName; readonly words: readonly string[] };

const FLAGS: Readonly<Record<string, keyof Flags>> = {
  '-v': 'verbose', '--verbose': 'verbose', '-n': 'numeric', '--numeric': 'numeric', '-x': 'exact', '--exact': 'exact',
  '--line-numbers': 'numbers', '--line': 'numbers',
}; // biome-ignore format: a table

/** Reads the words behind the program's name. `readingOf` gives what a rule in that table is read with. */
export function parseCommand(args: readonly string[], readingOf: (table: string) => RuleReading): Request {
  const words = splitLetters(args);
  const table = findTable(words);
  const parser = createRuleParser(readingOf(table));
  const flags = { verbose: false, numeric: false, exact: false, numbers: false };
  let asked: Asked | null = null;
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? '';
    const negated = word === '!';
    const command = findCommand(word);
    const flag = FLAGS[word];
    if (command !== null) {
      if (asked !== null) throw wrongUsage(`Cannot use -${command[0]} with -${asked.letter}`);
      asked = takeCommand(command, words, at);
      at += 1 + asked.words.length;
    } else if (flag !== undefined) {
      flags[flag] = true;
      at += 1;
    } else if (isTableOption(word)) at += 2;
    else if (word === '-w' || word === '--wait') at += takeWait(words[at + 1]);
    else {
      const taken = parser.take(words, negated ? at + 1 : at, negated);
      if (taken === 0)
        throw word.startsWith('-')
          ? wrongUsage(`unknown option "${word}"`)
          : wrongUsage(`Bad argument \`${word}'`, 'none');
      at += taken + (negated ? 1 : 0);
    }
  }
  if (asked === null) throw wrongUsage('no command specified');
  return { table, flags, ...requestOf(asked, parser) };
}

/** `-vnL` is `-v -n -L`; `-t=nat`, `--dport=25` are two words. */
function splitLetters(args: readonly string[]): string[] {
  return args.flatMap((word, index) => {
    if (args[index - 1]?.endsWith('-comment') || args[index - 1]?.endsWith('-prefix')) return [word];
    if (/^--[a-z-]+=/.test(word)) return [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)];
    return /^-[vnxLSFZwA-Z]{2,}$/.test(word) ? [...word.slice(1)].map((letter) => `-${letter}`) : [word];
  });
}

function isTableOption(word: string): boolean {
  return word === '-t' || word === '--table';
}

function findTable(words: readonly string[]): string {
  const at = words.findIndex(isTableOption);
  if (at < 0) return 'filter';
  const table = words[at + 1];
  if (table === undefined) throw wrongUsage(`option "${words[at]}" requires an argument`);
  return table;
}

function findCommand(word: string): (typeof COMMANDS)[number] | null {
  return COMMANDS.find(([letter, name]) => word === `-${letter}` || word === `--${name}`) ?? null;
}

/** The words that belong to the command: those that don't start with a dash or an exclamation mark. */
function takeCommand(
  [letter, name, needed, optional]: (typeof COMMANDS)[number],
  words: readonly string[],
  at: number,
): Asked {
  const taken: string[] = [];
  for (const word of words.slice(at + 1, at + 1 + needed + optional)) {
    if (word === '!' || (word.startsWith('-') && taken.length >= needed)) break;
    taken.push(word);
  }
  if (taken.length === 0 && needed > 0) throw wrongUsage(`option "${words[at]}" requires an argument`);
  if (taken.length < needed) throw wrongUsage(`-${letter} requires ${WANTED[letter] ?? 'a chain'}`);
  return { letter, name, words: taken };
}

const WANTED: Readonly<Record<string, string>> = {
  E: 'old-chain-name and new-chain-name',
  P: 'a chain and a policy',
  R: 'a rule number',
};

function takeWait(next: string | undefined): number {
  if (next === undefined || next.startsWith('-') || next === '!') return 1;
  if (!/^\d+(\.\d+)?$/.test(next)) throw wrongUsage('wait seconds not numeric');
  return 2;
}

function requestOf({ name, words }: Asked, parser: RuleParser) {
  const [chain = '', second] = words;
  switch (name) {
    case 'append':
    case 'check':
      return { command: name, chain, rules: parser.finish(chain, 'APPEND') };
    case 'delete':
      if (second !== undefined) return { command: 'delete-number' as const, chain, number: ruleNumber(second) };
      return { command: name, chain, rules: parser.finish(chain, 'DELETE') };
    case 'insert':
      return { command: name, chain, number: ruleNumber(second ?? '1'), rules: parser.finish(chain, 'INSERT') };
    case 'replace':
      return { command: name, chain, number: ruleNumber(second ?? ''), rules: parser.finish(chain, 'REPLACE') };
    case 'list':
    case 'list-rules':
      return { command: name, chain: chain || null, number: second === undefined ? null : ruleNumber(second) };
    case 'flush':
    case 'zero':
    case 'delete-chain':
      return { command: name, chain: chain || null };
    case 'new-chain':
      return { command: name, chain: newChainName(chain) };
    case 'rename-chain':
    case 'policy':
      return { command: name, chain, to: second ?? '' };
    case 'help':
    case 'version':
      return { command: name };
  }
}

function ruleNumber(word: string): number {
  if (!/^[1-9]\d*$/.test(word)) throw wrongUsage(`Invalid rule number \`${word}'`);
  return Number(word);
}

function newChainName(name: string): string {
  if (name.startsWith('-') || name.startsWith('!'))
    throw wrongUsage(`chain name not allowed to start with \`${name[0]}'\n`);
  if (name.length > 28) throw wrongUsage(`chain name \`${name}' too long (must be under 29 chars)`);
  if (['ACCEPT', 'DROP', 'RETURN', 'QUEUE'].includes(name)) throw refused('Chain already exists.');
  return name;
}
