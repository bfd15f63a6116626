// Where in the dumps that were given a rule stands, for tools that show findings beside the lines of a file.

import type { RulePlace } from '../firewall/conversation/trace.ts';
import { parseDump } from '../firewall/dumps/parse-dump.ts';
import type { Table } from '../firewall/model/model.ts';
import { ParseError } from '../firewall/model/parse-error.ts';

/** A dump that was read. `tables` are its own, without those of the other dumps. */
export type NamedDump = { readonly file: string; readonly text: string; readonly tables: readonly Table[] };

/** `line` counts from 1; null where the file is known and the line is not (nft's JSON has no lines for rules). */
export type Place = { readonly file: string; readonly line: number | null };

/** Reads a dump for its places. Nothing is found in one that can't be read. */
export const readDumpText = (file: string, family: 'ip' | 'ip6' | null, text: string): NamedDump => {
  try {
    const parsed = parseDump(text, { file, family });
    return { file, text, tables: 'recognised' in parsed ? [] : [...parsed.iptables, ...(parsed.nft ?? [])] };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { file, text, tables: [] };
  }
};

/** The file that holds the rule, and its line there; null where none of them does. */
export const locateRule = (dumps: readonly NamedDump[], place: RulePlace): Place | null => {
  const dump = dumps.find(({ tables }) => tables.some((table) => holds(table, place)));
  return dump === undefined ? null : { file: dump.file, line: findLine(dump.text, place) };
};

const holds = ({ family, name, chains }: Table, { family: wanted, table, chain, number, text }: RulePlace): boolean => {
  const found = family === wanted && name === table ? chains.get(chain) : undefined;
  if (found === undefined) return false;
  return number === 0 ? found.base !== null : found.rules[number - 1]?.text === text;
};

/** As printed: without counters, handles and what indents it. */
const bare = (line: string): string =>
  line
    .trim()
    .replace(/^\[\d+:\d+\]\s*/, '')
    .replace(/\s*# handle \d+$/, '')
    .replace(/;$/, '');

/** The line that the reader noted, where the rule stands there; else the one line that says the same and nothing else does. */
const findLine = (text: string, place: RulePlace): number | null => {
  const lines = text.split('\n').map(bare);
  if (place.line !== null && lines[place.line - 1] === place.text) return place.line;
  const isIt = place.number === 0 ? isPolicyOf(place) : (line: string) => line === place.text;
  const from = place.number === 0 ? startOfTable(lines, place) : 0;
  const fitting = lines.flatMap((line, index) => (index >= from && isIt(line) ? [index + 1] : []));
  if (place.number === 0) return fitting[0] ?? null;
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
};

/** Where the part of the text begins that has the table's chain in it. */
const startOfTable = (lines: readonly string[], { layer, family, table, chain }: RulePlace): number => {
  if (layer === 'iptables') return Math.max(0, lines.indexOf(`*${table}`));
  const start = Math.max(0, lines.indexOf(`table ${family} ${table} {`));
  return Math.max(start, lines.indexOf(`chain ${chain} {`, start));
};

/** `:OUTPUT DROP [0:0]`, `-P OUTPUT DROP`, `type filter hook output priority filter; policy drop` */
const isPolicyOf = ({ layer, chain }: RulePlace) =>
  layer === 'nftables'
    ? (line: string) => /\bhook \w+/.test(line)
    : (line: string) => line.startsWith(`:${chain} `) || line.startsWith(`-P ${chain} `);
