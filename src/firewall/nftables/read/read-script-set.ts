// A set or map of an nft script as nft's JSON has it.

import { declaredTypes } from '../types.ts';
import { isList, type Json, type JsonRecord } from './json.ts';
import { parseKey, parseValue } from './parse-expression-text.ts';
import { spaceOut, splitStatements } from './script-text.ts';
import { splitRuleWords } from './words.ts';

/** `type ipv4_addr . inet_service : verdict; flags interval; elements = { … }`; null where it has a line that can't be read. */
export function readSet(body: string): JsonRecord | null {
  let set: JsonRecord = {};
  const { statements, wrongAt } = splitStatements(body, { from: 0, to: body.length }, null);
  if (wrongAt !== null) return null;
  for (const { head } of statements) {
    const read = readLine(head, set);
    if (read === null) return null;
    set = { ...set, ...read };
  }
  return set.type === undefined ? null : set;
}

function readLine(line: string, set: JsonRecord): JsonRecord | null {
  const [, keyword = '', rest = ''] = /^([\w-]+)\s*=?\s*([\s\S]*)$/.exec(line) ?? [];
  switch (keyword) {
    case 'type':
    case 'typeof': {
      const [key = '', data] = rest.split(/\s+:\s+/);
      const read = keyword === 'type' ? plainType : typeOfText;
      const type = read(key);
      const map = data === undefined ? undefined : read(data);
      return type === null || map === null ? null : { type, ...(map === undefined ? {} : { map }) };
    }
    case 'flags':
      return { flags: rest.split(/\s*,\s*/) };
    case 'elements': {
      const elem = parseElements(rest, set);
      return elem === null ? null : { elem };
    }
    case 'limit':
    case 'quota':
      return { stmt: [{ [keyword]: {} }] };
    case 'ct':
      return { stmt: [{ 'ct count': {} }] };
    case 'timeout':
    case 'gc-interval':
    case 'size':
    case 'policy':
    case 'auto-merge':
    case 'comment':
    case 'counter':
    case 'last':
      return {};
    default:
      return null;
  }
}

const plainType = (text: string): Json => text.trim().replace(/\s*\.\s*/g, ' . ');

function typeOfText(text: string): Json | null {
  if (text.trim() === 'verdict') return 'verdict';
  const words = splitRuleWords(text);
  const key = parseKey(words);
  return key === null || words.at < words.words.length ? null : { typeof: key };
}

/** `{ 10.0.0.1, 10.0.0.2 timeout 1h }` */
export function parseElements(text: string, { type }: JsonRecord): readonly Json[] | null {
  const words = splitRuleWords(spaceOut(text));
  const value = parseValue(words, declaredTypes(type));
  const elements = typeof value === 'object' && value !== null && 'set' in value ? value.set : null;
  return isList(elements ?? undefined) && words.at === words.words.length && Array.isArray(elements) ? elements : null;
}
