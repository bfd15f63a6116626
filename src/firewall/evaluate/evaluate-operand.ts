// The value of an operand for a packet, and whether values fit patterns.
import type { Noted } from '../facts/answer-question.ts';
import { HOLDS_FOR } from '../facts/facts.ts';
import type { Note } from '../facts/question.ts';
import type { Field } from '../model/field.ts';
import type { ElementSet, Key, SetElement, SetReference, Table } from '../model/model.ts';
import type { Operand, Pattern, Value } from '../model/steps.ts';
import { WHOLE_DATA } from '../model/steps.ts';
import { type Reading, readField, type Site, UNKNOWN } from './read-field.ts';
import type { World } from './world.ts';

/** What an element lookup found: an element, nothing, or that it can't be told. */
export type Found = SetElement | 'none' | 'unknown';

/** nft reads nothing of a template but its state on Linux 6.18 (measured), what iptables' matches read on others; the rules tell no kernel. */
const isOfTemplate = ({ track }: World, { layer }: Table, field: Field): boolean =>
  track.kind === 'template' && layer === 'nftables' && field.startsWith('ct ') && field !== 'ct state';

/** The operand's value: `undefined` where the packet does not have it, UNKNOWN where it can't be told. */
export function evaluateOperand(world: World, site: Site, table: Table, operand: Operand): Reading {
  switch (operand.kind) {
    case 'constant':
      return operand.value;
    case 'unknown':
      return UNKNOWN;
    case 'field': {
      const value = isOfTemplate(world, table, operand.field) ? UNKNOWN : readField(world, site, operand.field);
      return value === undefined || value === UNKNOWN ? value : compute(value, operand);
    }
    case 'map': {
      const found = findElement(world, site, table, operand.key, operand.map);
      if (found === 'none') return undefined;
      return found === 'unknown' ? UNKNOWN : (found.data?.[operand.part ?? WHOLE_DATA] ?? UNKNOWN);
    }
  }
}

/** The element of the set that has the key; `undefined` key parts are in no set. */
export function findElement(world: World, site: Site, table: Table, key: Key, reference: SetReference): Found {
  const set: ElementSet | undefined = typeof reference === 'string' ? table.sets.get(reference) : reference;
  const values: Reading[] = [];
  for (const operand of key) {
    const value = evaluateOperand(world, site, table, operand);
    if (value === undefined) return 'none';
    values.push(value);
  }
  const isSeen = set?.known === true || (set?.changes === true && site.facts?.isLive === true);
  if (set === undefined || !isSeen) return 'unknown';
  const noted = set.changes === true ? lastNote(world, table, reference, values) : null;
  if (noted !== null) return noted;
  let unsure = false;
  for (const element of set.elements) {
    const fit = fitsElement(values, element);
    if (fit === true) return lasts(element) ? element : 'unknown';
    if (fit === UNKNOWN) unsure = true;
  }
  return unsure ? 'unknown' : 'none';
}

/** What the conversation's own packets have made of the key; null where nothing. An element of a map has data that is not known. */
function lastNote(
  { noted = [] }: World,
  table: Table,
  reference: SetReference,
  values: readonly Reading[],
): Found | null {
  if (noted.length === 0 || typeof reference !== 'string') return null;
  const store = storeOf(table, reference);
  const key = textOf(values);
  const last = noted.findLast((one) => one.store === store && (one.key === key || one.key === null || key === null));
  if (last === undefined) return null;
  if (last.key === null || key === null) return 'unknown';
  return last.does === 'remove' ? 'none' : { key: [] };
}

/** The entry that a rule makes in a set of its table, or takes away. */
export function noteOfSet(world: World, site: Site, table: Table, note: Extract<Note, { store: 'nft' }>): Noted {
  const values = note.key.map((operand) => evaluateOperand(world, site, table, operand));
  return { store: storeOf(table, note.set), key: textOf(values), does: note.does };
}

function storeOf({ family, name }: Table, set: string): string {
  return `nft ${family} ${name} ${set}`;
}

function textOf(values: readonly Reading[]): string | null {
  return values.includes(UNKNOWN) || values.includes(undefined) ? null : values.map(String).join(' . ');
}

function lasts({ expires }: SetElement): boolean {
  return expires === undefined || expires > HOLDS_FOR;
}

/** Whether the value is what the pattern says. */
export function fits(value: Value, pattern: Pattern): boolean {
  if (typeof pattern !== 'object') return value === pattern;
  if ('prefix' in pattern) return typeof value === 'string' && value.startsWith(pattern.prefix);
  return value >= pattern.from && value <= pattern.to;
}

function fitsElement(values: readonly Reading[], { key }: SetElement): boolean | typeof UNKNOWN {
  let result: boolean | typeof UNKNOWN = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const pattern = key[i];
    if (value === undefined || pattern === undefined) return false;
    if (value === UNKNOWN) result = UNKNOWN;
    else if (!fits(value, pattern)) return false;
  }
  return result;
}

/** `((value & mask) << shift) ^ xor`, in 32 bits for numbers. */
function compute(value: Value, { mask, shift, xor }: Extract<Operand, { kind: 'field' }>): Value {
  if (mask === undefined && shift === undefined && xor === undefined) return value;
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') {
    const masked = mask === undefined ? value : value & BigInt(mask);
    const shifted = shift === undefined ? masked : shift > 0 ? masked << BigInt(shift) : masked >> BigInt(-shift);
    return xor === undefined ? shifted : shifted ^ BigInt(xor);
  }
  const masked = mask === undefined ? value : value & Number(mask);
  const shifted = shift === undefined ? masked : shift > 0 ? masked << shift : masked >>> -shift;
  return (xor === undefined ? shifted : shifted ^ Number(xor)) >>> 0;
}
