// What the rules compare packets with: the values by which they tell one packet from another.

import { ruleListOf } from '../evaluate/rule-list.ts';
import type { Field } from './field.ts';
import type { Chain, Key, Rule, Ruleset, SetReference, Table } from './model.ts';
import type { Pattern, Step, Value } from './steps.ts';

/** Larger sets are generated ones: their first elements stand for all. */
const MOST_ELEMENTS = 64;

/** Every field that a rule compares, and what with. */
export function* comparisons({ tables }: Ruleset): Generator<Comparison> {
  for (const table of tables) {
    for (const chain of table.chains.values()) {
      for (const { steps } of rulesOf(chain)) for (const step of steps) yield* comparisonsIn(table, step);
    }
  }
}

/** One field, and a value or range that a rule looks for in it. */
export type Comparison = readonly [field: Field, pattern: Pattern];

/** The comparisons of one step of a rule; `table` is where its named sets live. */
export function* comparisonsIn(table: Table, step: Step): Generator<Comparison> {
  switch (step.kind) {
    case 'compare':
      if (step.operand.kind === 'field') for (const pattern of step.values) yield [step.operand.field, pattern];
      break;
    case 'lookup':
      yield* keysIn(table, step.key, step.set);
      break;
    case 'verdict-map':
      yield* keysIn(table, step.key, step.map);
      break;
    case 'any':
    case 'not-all':
      for (const condition of step.of) yield* comparisonsIn(table, condition);
  }
}

function* keysIn(table: Table, key: Key, reference: SetReference): Generator<Comparison> {
  const set = typeof reference === 'string' ? table.sets.get(reference) : reference;
  for (const element of set?.elements.slice(0, MOST_ELEMENTS) ?? []) {
    for (const [part, operand] of key.entries()) {
      const pattern = element.key[part];
      if (operand.kind === 'field' && pattern !== undefined) yield [operand.field, pattern];
    }
  }
}

/** The rules of a chain that are worth reading: of a very long, generated one, both ends. */
export function rulesOf(chain: Chain): Rule[] {
  const list = ruleListOf(chain);
  const read = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => list.at(from + i));
  const { length } = list;
  const rules = length <= 2 * LONG_END ? read(0, length) : [...read(0, LONG_END), ...read(length - LONG_END, length)];
  return rules.filter((rule) => rule !== undefined);
}

const LONG_END = 500;

/** A single value, or both ends of a range; none of a prefix of names. */
export function endsOf(pattern: Pattern): Value[] {
  if (typeof pattern !== 'object') return [pattern];
  return 'prefix' in pattern ? [] : [pattern.from, pattern.to];
}
