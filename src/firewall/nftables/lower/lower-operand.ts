// Lowers the left side of a match, or the value of a statement: a field with its masks and shifts, a map, a constant.
import type { Key } from '../../model/model.ts';
import { type Operand, unknown } from '../../model/steps.ts';
import { type Datatype, widthOf } from '../datatypes.ts';
import { findField } from '../fields.ts';
import { printExpression } from '../print-expression.ts';
import { contentOf, isList, isRecord, type Json, type JsonList, soleEntry } from '../read/json.ts';
import { typeOf, typesOf } from '../types.ts';
import { parseConstant } from '../values.ts';
import { lowerSet } from './lower-set.ts';

type FieldOperand = Extract<Operand, { kind: 'field' }>;

/** `{"payload": …}`, `{"&": [{"meta": …}, 255]}`, `{"map": {"key": …, "data": …}}`, or a constant of the type. */
export function lowerOperand(json: Json, type: Datatype): Operand {
  const entry = soleEntry(json);
  if (entry === null || entry[0] === 'prefix' || entry[0] === 'range') return constant(json, type);
  const [name, content] = entry;
  if (isOperator(name) && isList(content)) return lowerBits(json, name, content, type);
  if (name === 'map') return lowerMap(json, content);
  const found = findField(json);
  if (found === null) return constant(json, type);
  if (found.field === null) return unknown(printExpression(json));
  return { kind: 'field', field: DEVICE_NAMES[found.field] ?? found.field };
}

/** The parts of a lookup key: `{"concat": […]}` or a single expression. */
export function lowerKey(json: Json): Key {
  const parts = contentOf(json, 'concat');
  const expressions = isList(parts) ? parts : [json];
  return expressions.map((part) => lowerOperand(part, typeOf(part)));
}

/** Device numbers are compared as names, which is the same where all devices have one. */
const DEVICE_NAMES: Partial<Record<FieldOperand['field'], FieldOperand['field']>> = {
  'meta iif': 'meta iifname',
  'meta oif': 'meta oifname',
  'meta sdif': 'meta sdifname',
};

function constant(json: Json, type: Datatype): Operand {
  const value = parseConstant(json, type);
  return value === null ? unknown(printExpression(json, type)) : { kind: 'constant', value };
}

function lowerMap(json: Json, content: Json): Operand {
  const key = contentOf(content, 'key');
  const data = contentOf(content, 'data');
  if (key === undefined || data === undefined) return unknown(printExpression(json));
  const types = typesOf(key);
  const map = lowerSet(data, types);
  return map === null ? unknown(printExpression(json)) : { kind: 'map', key: lowerKey(key), map };
}

type Operator = '&' | '|' | '^' | '<<' | '>>';

function isOperator(name: string): name is Operator {
  return name === '&' || name === '|' || name === '^' || name === '<<' || name === '>>';
}

/** `[x, 255]`, and from newer nft `[x, 15, 3]`. Only constants may follow the first. */
function lowerBits(json: Json, operator: Operator, [first, ...others]: JsonList, type: Datatype): Operand {
  if (first === undefined || others.some((other) => isRecord(other) && findField(other) !== null)) {
    return unknown(printExpression(json));
  }
  const inner = typeOf(first);
  let operand: Operand | null = lowerOperand(first, inner === 'integer' ? type : inner);
  for (const other of others) {
    const value = parseConstant(other, operator === '<<' || operator === '>>' ? 'integer' : inner);
    if (operand?.kind !== 'field' || value === null || typeof value === 'string') return unknown(printExpression(json));
    operand = typeof value === 'bigint' ? applyWide(operand, operator, value) : apply(operand, operator, value, inner);
  }
  return operand ?? unknown(printExpression(json));
}

/** One more operation on `((field & mask) << shift) ^ xor`; null where the result has no such form. */
function apply(operand: FieldOperand, operator: Operator, value: number, type: Datatype): FieldOperand | null {
  const all = 2 ** Math.min(widthOf(type), 32) - 1;
  const { mask = all, shift = 0, xor = 0 } = operand;
  if (typeof mask === 'bigint' || typeof xor === 'bigint') return null;
  const and = (bits: number) => ({
    ...operand,
    mask: (mask & (shift >= 0 ? bits >>> shift : bits << -shift)) >>> 0,
    xor: (xor & bits) >>> 0,
  });
  switch (operator) {
    case '&':
      return and(value);
    case '|': {
      const cleared = and(~value >>> 0);
      return { ...cleared, xor: (cleared.xor | value) >>> 0 };
    }
    case '^':
      return { ...operand, xor: (xor ^ value) >>> 0 };
    case '<<':
    case '>>':
      if (shift !== 0 || value > 31) return null;
      if (operator === '<<') return { ...operand, shift: value, xor: (xor << value) >>> 0 };
      return { ...operand, shift: -value, xor: xor >>> value };
  }
}

/** Masks of IPv6 addresses. */
function applyWide(operand: FieldOperand, operator: Operator, value: bigint): FieldOperand | null {
  if (operator !== '&' || operand.xor !== undefined || operand.shift !== undefined) return null;
  const { mask = value } = operand;
  return { ...operand, mask: BigInt(mask) & value };
}
