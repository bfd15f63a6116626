// Reads the outer document of `nft -j list ruleset`: which objects there are, by table.
import type { Family } from '../../model/model.ts';
import { ParseError } from '../../model/parse-error.ts';
import { contentOf, isList, isRecord, type Json, type JsonRecord, soleEntry, stringAt } from './json.ts';

/** One table's objects as nft's JSON has them, each kind in nft's order. */
export type TableDocument = {
  readonly family: Family;
  readonly name: string;
  table: JsonRecord;
  readonly chains: JsonRecord[];
  readonly rules: JsonRecord[];
  readonly sets: JsonRecord[];
  readonly objects: { readonly kind: 'limit' | 'quota'; readonly content: JsonRecord }[];
};

/**
 * `{"nftables": [{"metainfo": …}, {"table": {"family": "ip", "name": "mail", "handle": 1}}, {"chain": …}, {"rule": …}]}`:
 * the tables in the order of their creation. Throws ParseError for anything that is not such a document.
 */
export function readDocument(text: string, file: string): TableDocument[] {
  const items = contentOf(parseJson(text, file), 'nftables');
  if (!isList(items)) throw notNft(file, text.slice(0, 80));
  const tables = new Map<string, TableDocument>();
  for (const item of items) {
    const entry = soleEntry(item);
    if (entry === null) throw notNft(file, JSON.stringify(item));
    const [kind, content] = entry;
    if (isRecord(content) && KINDS.has(kind)) place(tables, kind, content, file);
  }
  return [...tables.values()];
}

const KINDS: ReadonlySet<string> = new Set(['table', 'chain', 'rule', 'set', 'map', 'meter', 'limit', 'quota']);

function place(tables: Map<string, TableDocument>, kind: string, content: JsonRecord, file: string): void {
  const table = tableFor(tables, kind, content, file);
  switch (kind) {
    case 'table':
      table.table = content;
      break;
    case 'chain':
      table.chains.push(content);
      break;
    case 'rule':
      table.rules.push(content);
      break;
    case 'limit':
    case 'quota':
      table.objects.push({ kind, content });
      break;
    default:
      table.sets.push(content);
  }
}

function tableFor(tables: Map<string, TableDocument>, kind: string, content: JsonRecord, file: string): TableDocument {
  const family = stringAt(content, 'family');
  const name = stringAt(content, kind === 'table' ? 'name' : 'table');
  if (!isFamily(family) || name === undefined) throw notNft(file, JSON.stringify({ [kind]: content }));
  const key = `${family} ${name}`;
  const found = tables.get(key);
  if (found !== undefined) return found;
  const made: TableDocument = { family, name, table: {}, chains: [], rules: [], sets: [], objects: [] };
  tables.set(key, made);
  return made;
}

function isFamily(family: string | undefined): family is Family {
  return family !== undefined && ['ip', 'ip6', 'inet', 'netdev', 'arp', 'bridge'].includes(family);
}

/** nft 1.0.6 breaks off without an error where a table has flags, such as dormant. */
function parseJson(text: string, file: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const position = positionOf(error.message, text);
    const line = text.slice(0, position).split('\n').length;
    const cut = /"flags": *$/.test(text.trimEnd());
    const shown = text.slice(Math.max(0, position - 60), position + 20);
    throw new ParseError({ file, line, text: shown, expected: cut ? FLAGS : NFT });
  }
}

/** V8 says the position, or that it was the end, or shows ten characters around it; for short texts only the text. */
function positionOf(message: string, text: string): number {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Math.min(Number(position), text.trimEnd().length);
  if (message.includes('end of JSON')) return text.trimEnd().length;
  const context = /\.\.\."([\s\S]*)"(?:\.\.\.)? is not valid JSON$/.exec(message)?.[1];
  return context === undefined ? 0 : text.indexOf(context) + 10;
}

const FLAGS = 'the flags of a table, where nft 1.0.6 breaks its JSON off; `nft list tables` and a newer nft show them';
const NFT = 'the JSON of `nft -j list ruleset`';

/** What is thrown for text that nft's JSON never has. */
export function notNft(file: string, text: string): ParseError {
  return new ParseError({ file, line: 1, text, expected: NFT });
}
