// Lowers matches: `tcp dport 25`, `ct state established,related`, `ip saddr . tcp dport @allowed`.
import type { Family } from '../../model/model.ts';
import { type Condition, type Operand, type Pattern, type Step, unknown } from '../../model/steps.ts';
import { type Datatype, isBitmask, widthOf } from '../datatypes.ts';
import { printStatement } from '../print-rule.ts';
import { contentOf, isRecord, type Json, soleEntry, stringAt } from '../read/json.ts';
import { typeOf, typesOf } from '../types.ts';
import { largestOf, parseConstant, parsePattern } from '../values.ts';
import { lowerKey, lowerOperand } from './lower-operand.ts';
import { lowerSet } from './lower-set.ts';
import { findRequirements } from './requirements.ts';

/** `{"op": "==", "left": {"payload": …}, "right": 25}`: the condition, after those that nft leaves unsaid. */
export function lowerMatch(content: Json, family: Family): readonly Step[] {
  const left = contentOf(content, 'left') ?? null;
  const right = contentOf(content, 'right') ?? null;
  const op = stringAt(content, 'op') ?? '==';
  const text = printStatement({ match: content }, family);
  const socket = lowerSocket(left, right, op, text);
  if (socket !== null) return [socket];
  const set = isSet(right) ? lowerLookup(left, right, op) : null;
  const condition = set ?? lowerComparison(left, right, op) ?? unknown(text);
  return [...findRequirements(left, family), dependsOnMore(left) ? sometimes(text) : named(condition, text)];
}

/** `socket transparent 1` and `socket wildcard 0`: without a socket, the rule ends, whatever is asked (nft_socket.c). */
function lowerSocket(left: Json, right: Json, op: string, what: string): Condition | null {
  const key = stringAt(contentOf(left, 'socket'), 'key');
  if (key === undefined) return null;
  const transparent = key === 'transparent' && right === 1;
  const isAsked = op === '==' && (transparent || (key === 'wildcard' && right === 0));
  if (key === 'cgroupv2')
    return {
      kind: 'unknown',
      what,
      settledBy: 'the control group of the program that has the socket (/proc/PID/cgroup)',
    };
  if (!isAsked) return null;
  const question = { on: 'socket', transparent, wildcards: transparent } as const;
  const settledBy = 'which sockets are open ("ss -ltun --inet-sockopt")';
  return {
    kind: 'sometimes',
    what,
    limit: false,
    fresh: 'unknown',
    settledBy,
    asks: { question, negated: false },
  };
}

function isSet(json: Json): boolean {
  return typeof json === 'string' ? json.startsWith('@') : isRecord(json) && 'set' in json;
}

function lowerLookup(left: Json, right: Json, op: string): Condition | null {
  const set = lowerSet(right, typesOf(left));
  if (set === null || (op !== '==' && op !== '!=' && op !== 'in')) return null;
  return { kind: 'lookup', key: lowerKey(left), negated: op === '!=', set };
}

function lowerComparison(left: Json, right: Json, op: string): Condition | null {
  if (contentOf(left, 'concat') !== undefined) return lowerConcatenation(left, right, op);
  const type = typeOf(left);
  const operand = lowerOperand(left, type);
  if (op === 'in' || op === '!') return lowerBits(operand, type, right, op === '!');
  const values = valuesOf(op, right, type);
  if (values === null) return null;
  if (contentOf(left, 'fib') !== undefined && type !== 'fib_addrtype' && typeof right === 'boolean') {
    return { kind: 'compare', operand, negated: right, values: [''] };
  }
  if (contentOf(left, 'tcp option') !== undefined && right === false) {
    return { kind: 'compare', operand, negated: op === '!=', values, absent: true };
  }
  return { kind: 'compare', operand, negated: op === '!=', values };
}

/** `ip daddr . tcp dport 127.0.0.1 . 25`, which nft prints for a set of one element. */
function lowerConcatenation(left: Json, right: Json, op: string): Condition | null {
  const set = lowerSet({ set: [right] }, typesOf(left));
  if (set === null || (op !== '==' && op !== '!=')) return null;
  return { kind: 'lookup', key: lowerKey(left), negated: op === '!=', set };
}

/** `ct state established,related` is met by any of the bits, `ct state ! invalid` by none. Without bits, `in` is equality. */
function lowerBits(operand: Operand, type: Datatype, right: Json, none: boolean): Condition | null {
  const bits = parseConstant(right, type);
  if (!isBitmask(type) || typeof bits !== 'number' || operand.kind === 'constant' || operand.kind === 'map') {
    const value = parsePattern(right, type);
    return value === null ? null : { kind: 'compare', operand, negated: none, values: [value] };
  }
  if (operand.kind === 'unknown') return operand;
  return { kind: 'compare', operand: { ...operand, mask: bits }, negated: !none, values: [0] };
}

function valuesOf(op: string, right: Json, type: Datatype): readonly Pattern[] | null {
  if (op === '==' || op === '!=') {
    const pattern = parsePattern(right, type);
    return pattern === null ? null : [pattern];
  }
  const limit = parseConstant(right, type);
  if (limit === null || typeof limit === 'string') return null;
  const one = typeof limit === 'bigint' ? 1n : 1;
  const least = widthOf(type) > 32 ? 0n : 0;
  const step = (by: 1 | -1) => (typeof limit === 'bigint' ? limit + BigInt(by) * BigInt(one) : limit + by);
  switch (op) {
    case '<':
      return [{ from: least, to: step(-1) }];
    case '<=':
      return [{ from: least, to: limit }];
    case '>':
      return [{ from: step(1), to: largestOf(type) }];
    case '>=':
      return [{ from: limit, to: largestOf(type) }];
    default:
      return null;
  }
}

/** Clocks and dice: the answer is another one each time. */
function dependsOnMore(left: Json): boolean {
  const entry = soleEntry(left);
  if (entry?.[0] === 'numgen') return true;
  const key = stringAt(contentOf(left, 'meta'), 'key');
  return key !== undefined && ['time', 'day', 'hour', 'random'].includes(key);
}

function sometimes(what: string): Condition {
  return { kind: 'sometimes', what, limit: false, fresh: 'unknown' };
}

/** A comparison with something unknown is named by the whole match. */
function named(condition: Condition, text: string): Condition {
  return condition.kind === 'compare' && condition.operand.kind === 'unknown'
    ? { ...condition.operand, what: text }
    : condition;
}
