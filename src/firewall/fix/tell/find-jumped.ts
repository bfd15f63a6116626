// What stands behind a permit: rules that packets on lo will no longer meet, and what those do beside letting packets pass.

import type { Surroundings } from '../../conversation/trace.ts';
import { fits } from '../../evaluate/evaluate-operand.ts';
import { ruleListOf } from '../../evaluate/rule-list.ts';
import { isLoopbackAddress, parseAddress } from '../../model/address.ts';
import { callersOf, targetsOf } from '../../model/jumps.ts';
import type { Chain, Rule, Ruleset, Table } from '../../model/model.ts';
import { placeOf } from '../../model/rule-place.ts';
import { type Condition, isCondition, type Pattern, type Step, type Value } from '../../model/steps.ts';
import type { PlacedPermit } from '../place/find-permits.ts';
import type { Waypoint } from '../place/find-stops.ts';
import { guardOnPath } from '../place/guards.ts';
import type { ChainPlace, Deed, JumpedRule } from '../plan.ts';
import { type AddedRule, stepsOf } from '../rule/added-rule.ts';
import { chainAt } from '../rule/apply-change.ts';
import { isOwnComment } from '../rule/tag.ts';

/** Each such rule once, numbered as before the changes. Left out are the final rules that the permits are for, with the logging in front of them. */
export function findJumped(
  ruleset: Ruleset,
  placed: readonly PlacedPermit[],
  { ownAddresses }: Surroundings,
): JumpedRule[] {
  const found = new Map<string, JumpedRule>();
  for (const { wanted } of placed) {
    const known = knownOf(wanted.added, ownAddresses);
    const last = Math.max(...wanted.stoppers, wanted.at);
    const isFinal = ({ place: { chain }, number }: Waypoint) =>
      chain === wanted.place.chain &&
      (wanted.stoppers.includes(number) || (number >= wanted.at && number < last && wanted.stoppers.length === 1));
    for (const one of behind(ruleset, wanted.place, wanted.at, known)) {
      const jumped = describe(ruleset, one);
      if (jumped === null || (!jumped.isGuard && one.path.some(isFinal) && jumped.does.every(isFinals))) continue;
      const { rule } = jumped;
      found.set(JSON.stringify([rule.variant, rule.family, rule.table, rule.chain, rule.number]), jumped);
    }
  }
  return [...found.values()];
}

/** What final rules do. */
const isFinals = (deed: Deed) => deed === 'stops' || deed === 'logs';

type Behind = { readonly table: Table; readonly chain: Chain; readonly rule: Rule; readonly path: readonly Waypoint[] };

function describe(ruleset: Ruleset, { table, chain, rule, path }: Behind): JumpedRule | null {
  const does = deedsOf(rule);
  if (does.length === 0 || isOwnComment(rule.comment)) return null;
  const isGuard = guardOnPath(ruleset, path) !== null;
  // What stops everything that comes as far is the final rule of its chain, wherever the permit stands.
  if (!isGuard && does.join() === 'stops' && !rule.steps.some(isCondition)) return null;
  return { rule: placeOf(table, chain.name, rule), does, isGuard };
}

/** What a rule does that is missed where it is not met. */
function deedsOf({ steps, text }: Rule): Deed[] {
  const deeds = steps.flatMap(deedOf);
  const isCounting = !steps.some(isJudging) || /(?:^| )(?:counter|quota) name /.test(text);
  if (deeds.length === 0) return isCounting ? ['counts'] : [];
  // The limit of a log rule is no account of anything.
  return [...new Set(deeds.includes('logs') ? deeds.filter((deed) => deed !== 'counts') : deeds)];
}

function deedOf(step: Step): Deed[] {
  switch (step.kind) {
    case 'verdict':
      return VERDICTS[step.verdict.kind];
    case 'log':
      return ['logs'];
    case 'set':
      return ['marks'];
    case 'note':
      return ['lists'];
    case 'notrack':
      return ['untracks'];
    // Limits, quotas and lists of recent packets count what they see.
    case 'sometimes':
      return ['counts'];
    case 'any':
    case 'not-all':
      return step.of.flatMap(deedOf);
    case 'unknown':
      return ['unknown'];
    case 'compare':
    case 'lookup':
    case 'verdict-map':
    case 'nat':
      return [];
  }
}

const VERDICTS: Readonly<Record<Extract<Step, { kind: 'verdict' }>['verdict']['kind'], Deed[]>> = {
  accept: [],
  drop: ['stops'],
  reject: ['stops'],
  queue: ['queues'],
  proxy: ['queues'],
  return: [],
  continue: [],
  jump: [],
  goto: [],
  unknown: ['unknown'],
};

const isJudging = ({ kind }: Step) => kind === 'verdict' || kind === 'verdict-map' || kind === 'nat';

/** The rules from that number on in their order, those of the chains that are jumped to, and those to which the way leads back. */
function* behind(ruleset: Ruleset, place: ChainPlace, from: number, known: Known): Generator<Behind> {
  const { table, chain } = chainAt(ruleset, place);
  const walk: Walk = { table, place, known, seen: new Set() };
  let isOver = yield* rulesFrom(walk, chain, from, []);
  const back = new Set([chain.name]);
  for (const name of back) {
    if (isOver && back.size === 1) return;
    for (const { caller, number, isGoto } of callersOf(table, name)) {
      if (isGoto) continue;
      isOver = yield* rulesFrom(walk, caller, number + 1, []);
      if (!isOver) back.add(caller.name);
    }
  }
}

type Walk = { readonly table: Table; readonly place: ChainPlace; readonly known: Known; readonly seen: Set<Rule> };

/** True where nothing that is permitted goes on behind these. */
function* rulesFrom(walk: Walk, chain: Chain, from: number, path: readonly Waypoint[]): Generator<Behind, boolean> {
  const { table, place, known, seen } = walk;
  const list = ruleListOf(chain);
  for (let at = from - 1; at < list.length; at++) {
    const rule = list.at(at);
    if (rule === undefined || rule.number === 0 || seen.has(rule)) continue;
    const conditions = rule.steps.filter(isCondition);
    if (!conditions.every((condition) => mayHold(table, condition, known))) continue;
    seen.add(rule);
    const here = [...path, { place: { ...place, chain: chain.name }, number: rule.number }];
    yield { table, chain, rule, path: here };
    for (const target of targetsOf(table, rule)) yield* rulesFrom(walk, target, 1, here);
    if (conditions.length === 0 && rule.steps.some(isLast)) return true;
  }
  return false;
}

const isLast = (step: Step) =>
  step.kind === 'verdict' && ['accept', 'drop', 'reject', 'queue', 'goto', 'return'].includes(step.verdict.kind);

/** What the permitted packets can have in their fields; a field that is missing here may have any value. */
type Known = ReadonlyMap<string, readonly Value[]>;

function knownOf(added: AddedRule, ownAddresses: readonly string[] | null): Known {
  const known = new Map<string, readonly Value[]>();
  for (const step of stepsOf(added))
    if (step.kind === 'compare' && !step.negated && step.operand.kind === 'field' && step.operand.mask === undefined)
      known.set(
        step.operand.field,
        step.values.filter((value) => typeof value !== 'object'),
      );
  const addresses = ownAddresses?.map(parseAddress).filter((address) => address !== null) ?? null;
  // Any address of 127.0.0.0/8 can be talked to.
  if (addresses !== null)
    for (const side of ['saddr', 'daddr']) {
      known.set(
        `ip ${side}`,
        addresses.filter((address) => typeof address === 'number'),
      );
      known.set(
        `ip6 ${side}`,
        addresses.filter((address) => typeof address === 'bigint'),
      );
    }
  return known;
}

/** False only where no permitted packet can have what the condition asks for. */
function mayHold(table: Table, condition: Condition, known: Known): boolean {
  switch (condition.kind) {
    case 'compare': {
      const { operand, values, negated } = condition;
      if (operand.kind !== 'field' || operand.mask !== undefined) return true;
      const possible = known.get(operand.field);
      if (possible === undefined) return true;
      const isOfLoopback = / [sd]addr$/.test(operand.field) && values.some(reachesLoopback);
      return isOfLoopback || possible.some((value) => values.some((pattern) => fits(value, pattern)) !== negated);
    }
    case 'any':
      return condition.of.some((one) => mayHold(table, one, known));
    case 'lookup':
    case 'not-all':
    case 'sometimes':
    case 'unknown':
      return true;
  }
}

function reachesLoopback(pattern: Pattern): boolean {
  const ends = typeof pattern === 'object' && 'from' in pattern ? [pattern.from, pattern.to] : [pattern];
  return ends.some((end) => typeof end !== 'object' && typeof end !== 'string' && isLoopbackAddress(end));
}
