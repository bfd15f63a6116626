// Guards: rules that stop some conversation on purpose, by its owner, port or loopback address; a permit for all of loopback is not meant for those.

import type { Conversation, Trace } from '../../conversation/trace.ts';
import { ruleListOf } from '../../evaluate/rule-list.ts';
import { isLoopbackAddress, parseAddress } from '../../model/address.ts';
import type { ElementSet, Key, Rule, Ruleset, SetReference, Table } from '../../model/model.ts';
import { type Condition, isCondition, type Operand, type Pattern, type Step } from '../../model/steps.ts';
import { chainAt } from '../rule/apply-change.ts';
import { isOwnComment } from '../rule/tag.ts';
import { findStops, ruleAt, type StopOnWay, type Waypoint } from './find-stops.ts';
import { makerOf } from './made-anew.ts';

/**
 * `loopback`: made for conversations on this server, by what it asks for. `any`: by owner or port alone, as a policy for the outside does that has
 * forgotten lo.
 */
export type GuardKind = 'loopback' | 'any';

/** More ports than this are not some of them. */
const SOME_PORTS = 4096;

/** The guard that stops there; null where what stops is none: the final rule, a ban, what looks at no owner, port or loopback address. */
export function guardOf(ruleset: Ruleset, { rule, path }: Pick<StopOnWay, 'rule' | 'path'>): GuardKind | null {
  if (rule.number === 0) return null;
  return guardOnPath(ruleset, path);
}

/** The same for a rule and the jumps that lead to it. */
export function guardOnPath(ruleset: Ruleset, path: readonly Waypoint[]): GuardKind | null {
  const last = path.at(-1);
  if (last === undefined || path.some(({ place }) => makerOf(place) !== null)) return null;
  const rule = ruleOn(ruleset, last);
  if (rule === undefined || !rule.steps.some(isDefiniteStop)) return null;
  const asked = path.flatMap((waypoint) => askedBy(ruleset, waypoint));
  const asks = (one: Asked) => asked.includes(one);
  if (asks('banned')) return null;
  const owner = asks('owner') || (path.length > 1 && isByOwner(ruleset, last));
  const port = asks('port');
  if (asks('address') || (owner && (port || asks('lo'))) || (port && asks('lo'))) return 'loopback';
  if (!owner && !port) return null;
  return path.some((waypoint) => isBeforeOwnPermit(ruleset, waypoint)) ? 'loopback' : 'any';
}

/** Conversations that only guards stop, and all others. Where nothing else is stopped, only guards made for loopback count as such. */
export type SplitTraces = {
  readonly guarded: readonly Trace[];
  readonly others: readonly Trace[];
  /** What counts as a guard here. */
  readonly kinds: readonly GuardKind[];
};

/** `opened`: conversations that are wanted whoever stops them. */
export function splitGuarded(
  ruleset: Ruleset,
  broken: readonly Trace[],
  opened: readonly Conversation[] = [],
): SplitTraces {
  const wanted = new Set(opened.map((one) => JSON.stringify(one)));
  const kinds = broken.map((trace) => (wanted.has(JSON.stringify(trace.conversation)) ? null : kindOf(ruleset, trace)));
  const isOnlyGuarded = !kinds.includes(null);
  const kept: GuardKind[] = isOnlyGuarded ? ['loopback'] : ['loopback', 'any'];
  const isKept = (kind: GuardKind | null | undefined) => kind != null && kept.includes(kind);
  return {
    guarded: broken.filter((_, at) => isKept(kinds[at])),
    others: broken.filter((_, at) => !isKept(kinds[at])),
    kinds: kept,
  };
}

/** `any` where one of the guards that may stop it is of that kind. */
function kindOf(ruleset: Ruleset, trace: Trace): GuardKind | null {
  const kinds = findStops(ruleset, trace).map((stop) => guardOf(ruleset, stop));
  if (kinds.length === 0 || kinds.includes(null)) return null;
  return kinds.includes('any') ? 'any' : 'loopback';
}

/** What a condition tells conversations by: `lo` that it is one on this server, `address` one of loopback that is not the usual one, `banned` a list. */
type Asked = 'owner' | 'port' | 'lo' | 'address' | 'banned';

function askedBy(ruleset: Ruleset, waypoint: Waypoint): Asked[] {
  const { table } = chainAt(ruleset, waypoint.place);
  const conditions = ruleOn(ruleset, waypoint)?.steps.filter(isCondition) ?? [];
  return conditions.flatMap((condition) => askedIn(table, condition));
}

function ruleOn(ruleset: Ruleset, { place, number }: Waypoint): Rule | undefined {
  return ruleAt(ruleset, { ...place, number, text: '', handle: null, line: null });
}

function askedIn(table: Table, condition: Condition): Asked[] {
  switch (condition.kind) {
    case 'compare':
      return askedOf(condition.operand, condition.values, condition.negated);
    case 'lookup':
      return askedOfSet(table, condition.key, condition.set, condition.negated);
    case 'any': {
      const [first = [], ...others] = condition.of.map((one) => askedIn(table, one));
      return first.filter((one) => others.every((other) => other.includes(one)));
    }
    case 'not-all':
    case 'sometimes':
    case 'unknown':
      return [];
  }
}

function askedOfSet(table: Table, key: Key, reference: SetReference, negated: boolean): Asked[] {
  const set: ElementSet | undefined = typeof reference === 'string' ? table.sets.get(reference) : reference;
  const isNamed = typeof reference === 'string' || !reference.known;
  return key.flatMap((operand, part) => {
    if (isNamed && operand.kind === 'field' && / [sd]addr$/.test(operand.field)) return ['banned'];
    const values = set?.elements.flatMap((element) => element.key[part] ?? []) ?? [];
    return askedOf(operand, values, negated);
  });
}

function askedOf(operand: Operand, values: readonly Pattern[], negated: boolean): Asked[] {
  if (operand.kind !== 'field' || operand.mask !== undefined) return [];
  const { field } = operand;
  if (/^meta (skuid|skgid|cgroup)$/.test(field)) return values.every(isEverybody) ? [] : ['owner'];
  if (negated || values.length === 0) return [];
  if (/ [sd]port$/.test(field)) return widthOf(values) <= SOME_PORTS ? ['port'] : [];
  if (/^meta [io]if(name)?$/.test(field)) return values.every((one) => one === 'lo' || one === 1) ? ['lo'] : [];
  if (!/^ip6? [sd]addr$/.test(field) || !values.every(isOfLoopback)) return [];
  return values.some(isUsual) ? ['lo'] : ['lo', 'address'];
}

const isEverybody = (pattern: Pattern) =>
  typeof pattern === 'object' && 'from' in pattern && pattern.from === 0 && pattern.to === 0xffffffff;

function widthOf(values: readonly Pattern[]): number {
  return values.reduce<number>((sum, value) => {
    if (typeof value !== 'object') return sum + 1;
    const isRange = 'from' in value && typeof value.from === 'number' && typeof value.to === 'number';
    return isRange ? sum + Number(value.to) - Number(value.from) + 1 : Number.POSITIVE_INFINITY;
  }, 0);
}

const isOfLoopback = (pattern: Pattern) => endsOf(pattern).every((end) => end !== null && isLoopbackAddress(end));

/** 127.0.0.1 and ::1 are what all of loopback goes by. */
const isUsual = (pattern: Pattern) => {
  const [from, to] = endsOf(pattern);
  const usual = typeof from === 'bigint' ? 1n : parseAddress('127.0.0.1');
  return from != null && to != null && usual !== null && from <= usual && usual <= to;
};

function endsOf(pattern: Pattern): [number | bigint | null, number | bigint | null] {
  if (typeof pattern !== 'object') return typeof pattern === 'string' ? [null, null] : [pattern, pattern];
  if (!('from' in pattern) || typeof pattern.from === 'string' || typeof pattern.to === 'string') return [null, null];
  return [pattern.from, pattern.to];
}

function isDefiniteStop(step: Step): boolean {
  return step.kind === 'verdict' && (step.verdict.kind === 'drop' || step.verdict.kind === 'reject');
}

/** A chain of its own that lets some users return. */
function isByOwner(ruleset: Ruleset, { place, number }: Waypoint): boolean {
  const { table, chain } = chainAt(ruleset, place);
  const before = chain.rules.slice(0, number - 1).flatMap(({ steps }) => steps.filter(isCondition));
  return before.some((condition) => askedIn(table, condition).includes('owner'));
}

/** Where lo-doctor has put the permit of all loopback behind a rule, that was left in force on purpose. */
function isBeforeOwnPermit(ruleset: Ruleset, { place, number }: Waypoint): boolean {
  const list = ruleListOf(chainAt(ruleset, place).chain);
  for (let at = number; at < list.length; at++) {
    const { comment = null } = list.at(at) ?? {};
    if (isOwnComment(comment) && comment?.endsWith(': permit loopback')) return true;
  }
  return false;
}
