// The shapes of JSON, and the few questions that reading nft's documents asks of them.

/** What JSON.parse returns. */
export type Json = null | boolean | number | string | JsonList | JsonRecord;
export type JsonList = readonly Json[];
export type JsonRecord = { readonly [key: string]: Json };

/** Narrows to an array. */
export function isList(json: Json | undefined): json is JsonList {
  return Array.isArray(json);
}

/** Narrows to an object. */
export function isRecord(json: Json | undefined): json is JsonRecord {
  return typeof json === 'object' && json !== null && !isList(json);
}

/** The name and content of an object with one key, as nft writes expressions and statements: `{"drop": null}`; else null. */
export function soleEntry(json: Json | undefined): readonly [name: string, content: Json] | null {
  if (!isRecord(json)) return null;
  const [first, ...more] = Object.entries(json);
  return first !== undefined && more.length === 0 ? first : null;
}

/** The content of an object whose only key is `name`, or undefined. */
export function contentOf(json: Json | undefined, name: string): Json | undefined {
  return isRecord(json) ? json[name] : undefined;
}

/** A list that nft shortens to its only item: `"syn"` → `["syn"]`, undefined → `[]`. */
export function listOf(json: Json | undefined): JsonList {
  if (json === undefined || json === null) return [];
  return isList(json) ? json : [json];
}

/** The string at a key of an object, else undefined. */
export function stringAt(json: Json | undefined, key: string): string | undefined {
  const value = contentOf(json, key);
  return typeof value === 'string' ? value : undefined;
}

/** The number at a key of an object, else undefined. */
export function numberAt(json: Json | undefined, key: string): number | undefined {
  const value = contentOf(json, key);
  return typeof value === 'number' ? value : undefined;
}
