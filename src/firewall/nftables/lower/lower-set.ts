// Lowers sets and maps: named ones, and those that stand in a rule.
import type { ElementSet, SetElement, SetReference } from '../../model/model.ts';
import type { Pattern, Value } from '../../model/steps.ts';
import { type Datatype, widthOf } from '../datatypes.ts';
import { contentOf, isList, type Json, type JsonList, numberAt, soleEntry } from '../read/json.ts';
import type { NamedSet } from '../read/scope.ts';
import { largestOf, parseConstant, parsePattern } from '../values.ts';
import { lowerVerdict } from './lower-verdict.ts';

/** `"@ports"`, `{"set": [22, {"range": [80, 90]}]}`, or a lone value; null where it isn't a set that can be read. */
export function lowerSet(json: Json, key: readonly Datatype[]): SetReference | null {
  if (typeof json === 'string' && json.startsWith('@')) return json.slice(1);
  const elements = contentOf(json, 'set');
  return isList(elements) ? lowerElements(elements, { key, data: [] }) : null;
}

/** The elements of a set; `known` is false where one of them isn't understood. The catch-all `*` comes last, as it counts last. */
export function lowerElements(elements: JsonList, types: NamedSet): ElementSet {
  const lowered: SetElement[] = [];
  let catchAll: SetElement | null = null;
  for (const json of elements) {
    const element = lowerElement(json, types);
    if (element === null) return { known: false, elements: [] };
    if (isCatchAll(json)) catchAll = element;
    else lowered.push(element);
  }
  if (catchAll !== null) lowered.push(catchAll);
  return { known: true, elements: lowered };
}

/** True for elements with a limit, a quota or a count of connections: finding them depends on the traffic. */
export function hasOwnConditions(statements: JsonList): boolean {
  return statements.some((statement) => CONDITIONS.some((name) => contentOf(statement, name) !== undefined));
}

const CONDITIONS = ['limit', 'quota', 'ct count'];

function lowerElement(json: Json, types: NamedSet): SetElement | null {
  if (!isList(json)) {
    const key = lowerKeyPatterns(json, types.key);
    const expires = numberAt(contentOf(json, 'elem') ?? null, 'expires');
    return key === null ? null : { key, ...(expires === undefined ? {} : { expires }) };
  }
  const [left, right] = json;
  const key = left === undefined ? null : lowerKeyPatterns(left, types.key);
  if (key === null || right === undefined) return null;
  const verdict = lowerVerdict(right);
  if (verdict !== null) return { key, verdict };
  const data = lowerData(right, types.data);
  return data === null ? { key } : { key, data };
}

function lowerKeyPatterns(json: Json, types: readonly Datatype[]): readonly Pattern[] | null {
  if (json === '*') return types.map(everything);
  const entry = soleEntry(json);
  if (entry?.[0] === 'elem') {
    if (hasOwnConditions([entry[1]])) return null;
    return lowerKeyPatterns(contentOf(entry[1], 'val') ?? null, types);
  }
  if (entry?.[0] !== 'concat' || !isList(entry[1])) {
    const pattern = parsePattern(json, types[0] ?? 'integer');
    return pattern === null ? null : [pattern];
  }
  const patterns = entry[1].map((part, index) => parsePattern(part, types[index] ?? 'integer'));
  return patterns.every((pattern) => pattern !== null) ? patterns : null;
}

function everything(type: Datatype): Pattern {
  if (type === 'ifname' || type === 'iface_index' || type === 'quoted') return { prefix: '' };
  return { from: widthOf(type) > 32 ? 0n : 0, to: largestOf(type) };
}

function isCatchAll(json: Json): boolean {
  const key = isList(json) ? json[0] : json;
  return key === '*' || contentOf(contentOf(key, 'elem'), 'val') === '*';
}

/** Data whose type is not declared with the map is told by its form. */
function lowerData(json: Json, types: readonly Datatype[]): readonly Value[] | null {
  const parts = contentOf(json, 'concat');
  const list = isList(parts) ? parts : [json];
  const values = list.map((part, index) => parseConstant(part, types[index] ?? guessType(part)));
  return values.every((value) => value !== null) ? values : null;
}

function guessType(json: Json): Datatype {
  if (typeof json !== 'string') return 'integer';
  return json.includes(':') ? 'ipv6_addr' : json.includes('.') ? 'ipv4_addr' : 'integer';
}
