// Whether a condition of a rule holds for a packet: yes, no, or uncertain and why.

import { answerQuestion } from '../facts/answer-question.ts';
import type { Key, SetReference, Table } from '../model/model.ts';
import type { Condition, Operand, Pattern } from '../model/steps.ts';
import { evaluateOperand, findElement, fits } from './evaluate-operand.ts';
import { type Site, UNKNOWN } from './read-field.ts';
import type { Uncertainty, World } from './world.ts';

export type ConditionAnswer = boolean | Uncertainty;

/** Judges one condition; `table` is where its named sets live. */
export function testCondition(world: World, site: Site, table: Table, condition: Condition): ConditionAnswer {
  switch (condition.kind) {
    case 'compare':
      return testCompare(world, site, table, condition);
    case 'lookup': {
      const found = findElement(world, site, table, condition.key, condition.set);
      if (found === 'unknown') return uncertainLookup(condition.key, condition.set, condition.negated);
      if (hasAbsentPart(world, site, table, condition.key)) return false;
      return (found !== 'none') !== condition.negated;
    }
    case 'any':
      return testAny(world, site, table, condition.of);
    case 'not-all':
      return negate(testAll(world, site, table, condition.of));
    case 'sometimes': {
      const { asks } = condition;
      const told = asks === undefined ? null : answerQuestion(world, site, asks.question);
      if (told !== null) return told !== asks?.negated;
      return {
        what: condition.what,
        settledBy: condition.settledBy ?? (condition.limit ? 'how much of the limit is used up' : 'what came before'),
        limit: condition.limit,
        fresh: condition.fresh,
      };
    }
    case 'unknown':
      return { what: condition.what, settledBy: condition.settledBy, limit: false, fresh: 'unknown' };
  }
}

/** A key in words, for doubts: `ip saddr . tcp dport`. */
export function describeKey(key: Key): string {
  return key.map(describeOperand).join(' . ');
}

function testCompare(
  world: World,
  site: Site,
  table: Table,
  condition: Extract<Condition, { kind: 'compare' }>,
): ConditionAnswer {
  const { operand, values, negated } = condition;
  const value = evaluateOperand(world, site, table, operand);
  if (value === undefined) return condition.absent ?? false;
  if (value !== UNKNOWN) return values.some((pattern) => fits(value, pattern)) !== negated;
  if (values.some(isEveryNumber)) return !negated;
  const byBounds = testBounds(world, operand, values);
  if (byBounds !== null) return byBounds !== negated;
  return {
    ...describeUnknown(operand),
    what: `${describeOperand(operand)} ${negated ? '!= ' : ''}${values.map(describePattern).join(',')}`,
    limit: false,
    fresh: 'unknown',
  };
}

/** What fits any value that there can be (the owner match's --socket-exists: some user, whoever it is). */
function isEveryNumber(pattern: Pattern): boolean {
  return typeof pattern === 'object' && 'from' in pattern && pattern.from === 0 && pattern.to === 0xffffffff;
}

/** Some fields are known within bounds, which may be enough. */
function testBounds(world: World, operand: Operand, values: readonly Pattern[]): boolean | null {
  const bounds = boundsOf(world, operand);
  if (bounds === null) return null;
  const [least, most] = bounds;
  const ranges = values.flatMap((pattern) => {
    if (typeof pattern === 'number') return { from: pattern, to: pattern };
    if (typeof pattern !== 'object' || !('from' in pattern)) return [];
    return { from: Number(pattern.from), to: Number(pattern.to) };
  });
  if (ranges.some(({ from, to }) => from <= least && to >= most)) return true;
  return ranges.every(({ from, to }) => to < least || from > most) ? false : null;
}

function boundsOf({ packet }: World, operand: Operand): readonly [least: number, most: number] | null {
  if (operand.kind !== 'field' || operand.mask !== undefined) return null;
  if (operand.field === 'meta length' || operand.field === 'ip length') return packet.length;
  return operand.field === 'tcp option maxseg size' ? packet.segment : null;
}

function testAny(world: World, site: Site, table: Table, conditions: readonly Condition[]): ConditionAnswer {
  let unsure: Uncertainty | null = null;
  for (const condition of conditions) {
    const answer = testCondition(world, site, table, condition);
    if (answer === true) return true;
    if (answer !== false) unsure ??= answer;
  }
  return unsure ?? false;
}

function testAll(world: World, site: Site, table: Table, conditions: readonly Condition[]): ConditionAnswer {
  let unsure: Uncertainty | null = null;
  for (const condition of conditions) {
    const answer = testCondition(world, site, table, condition);
    if (answer === false) return false;
    if (answer !== true) unsure ??= answer;
  }
  return unsure ?? true;
}

function negate(answer: ConditionAnswer): ConditionAnswer {
  if (typeof answer === 'boolean') return !answer;
  const fresh = answer.fresh === 'yes' ? 'no' : answer.fresh === 'no' ? 'yes' : 'unknown';
  return { ...answer, what: `not ${answer.what}`, fresh };
}

function hasAbsentPart(world: World, site: Site, table: Table, key: Key): boolean {
  return key.some((operand) => evaluateOperand(world, site, table, operand) === undefined);
}

function uncertainLookup(key: Key, set: SetReference, negated: boolean): Uncertainty {
  const name = typeof set === 'string' ? `@${set}` : 'a set';
  return {
    what: `${describeKey(key)} ${negated ? 'not ' : ''}in ${name}`,
    settledBy: `what is in ${name}`,
    limit: false,
    fresh: 'unknown',
  };
}

function describeOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'field':
      return operand.field;
    case 'constant':
      return String(operand.value);
    case 'map':
      return `${describeKey(operand.key)} map`;
    case 'unknown':
      return operand.what;
  }
}

function describePattern(pattern: Pattern): string {
  if (typeof pattern !== 'object') return String(pattern);
  if ('prefix' in pattern) return `${pattern.prefix}*`;
  if (pattern.to === Number.MAX_SAFE_INTEGER) return `>= ${pattern.from}`;
  return pattern.from === pattern.to ? `${pattern.from}` : `${pattern.from}-${pattern.to}`;
}

function describeUnknown(operand: Operand): { what: string; settledBy: string } {
  if (operand.kind === 'unknown') return operand;
  if (operand.kind !== 'field') return { what: 'a map', settledBy: 'what is in the map' };
  switch (operand.field) {
    case 'meta skuid':
    case 'meta skgid':
      return { what: operand.field, settledBy: 'which user the server runs as' };
    case 'meta length':
      return { what: operand.field, settledBy: 'how long the packet is' };
    default:
      return { what: operand.field, settledBy: `the value of ${operand.field}` };
  }
}
