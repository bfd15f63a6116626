// Finds the permits of a fix by trying: permit what stops a conversation, see what stops it next, until all pass or nothing helps.

import type { Conversation, Surroundings, Trace } from '../../conversation/trace.ts';
import { traceOnce } from '../../conversation/trace-once.ts';
import type { Ruleset } from '../../model/model.ts';
import { isLetThrough } from '../../questions/is-let-through.ts';
import type { ChainPlace, Choice, KeptGuard } from '../plan.ts';
import type { AddedRule } from '../rule/added-rule.ts';
import { chainAt } from '../rule/apply-change.ts';
import { permitLoopback, permitService } from '../rule/permit-rule.ts';
import { type Placed, writeRule } from '../rule/write-rule.ts';
import { describePlacement } from '../tell/describe-placement.ts';
import { findPermitPlace, type PermitPlace } from './find-permit-place.ts';
import { findStops, type StopOnWay, type Waypoint } from './find-stops.ts';
import { type GuardKind, guardOf, splitGuarded } from './guards.ts';
import { placeChanges, samePlace, type Wanted } from './place-changes.ts';

/** The permits, and what came of them. `stops` are all places where the conversations were stopped, numbered as before the changes. */
export type FoundPermits = {
  readonly placed: readonly PlacedPermit[];
  readonly after: Ruleset;
  readonly stops: readonly StopOnWay[];
  /** The conversation that showed a stop. */
  readonly goalOf: (stop: StopOnWay) => Conversation | undefined;
  readonly repaired: readonly Conversation[];
  readonly unsolved: readonly Trace[];
  /** What is left to guards, as it was before. */
  readonly keptGuards: readonly KeptGuard[];
};

/** A placed permit with the rules of its chain that it has to come before. */
export type PlacedPermit = Placed & { readonly wanted: WantedPermit };

export type WantedPermit = Wanted & Pick<PermitPlace, 'stoppers'> & { readonly added: AddedRule };

/** `key` names the permit among those of its plan. */
type KeyedPermit = WantedPermit & { readonly key: string };

/** What is to pass, and whose rules they will be. */
export type Need = {
  readonly choice: Choice;
  readonly caseId: string;
  /** With `all-but-guarded`: what is to pass though a guard stops it. */
  readonly opened?: readonly Conversation[];
};

/** `strict`: replies only of connections that conntrack knows. `tried`: how many of the stops it has been placed for. `goals`: a goal for each stop. */
type Permit = { readonly stops: StopOnWay[]; readonly goals: Conversation[]; strict: boolean; tried: number };

/** More rounds than any chain of stops needs; a guard, not a limit that is met. */
const MOST_ROUNDS = 100;

/**
 * Finds permits so that the goals pass, those included that pass already: behind a permit, rules that they needed may not see them any more. Goals
 * that no permit helps get none. `repaired` and `unsolved` are what the changed rules really do.
 */
export function findPermits(
  ruleset: Ruleset,
  surroundings: Surroundings,
  goals: readonly Conversation[],
  need: Need,
): FoundPermits {
  const trace: Task['trace'] = (rules, one) => traceOnce(rules, one, surroundings);
  const wanted = distinct(goals);
  const failing = failingUnder({ trace }, ruleset, wanted);
  const {
    guarded,
    others: broken,
    kinds,
  } = need.choice.kind === 'all-but-guarded'
    ? splitGuarded(ruleset, failing, need.opened)
    : { guarded: [], others: failing, kinds: [] };
  const task: Task = { ruleset, need, trace, guards: kinds };
  const all = without(wanted, goalsOf(guarded));
  const hopeful = searchPermits(task, all, broken);
  const solvable = without(all, hopeful.open);
  const isSolvable = ({ conversation }: Trace) => !hopeful.open.includes(conversation);
  const isWhole = hopeful.open.length === 0;
  const search = isWhole ? hopeful : searchPermits(task, solvable, broken.filter(isSolvable));
  const { placed, after } = withoutNeedless(task, search, solvable);
  const left = failingUnder(task, after, [...hopeful.open, ...search.open]);
  const isGuarded = (one: Trace) =>
    findStops(after, one).some((stop) => isLeft(task, beforeChanges(stop, placed), one.conversation));
  const unsolved = left.filter((one) => !isGuarded(one));
  const stops = [...search.permits.values()].flatMap((permit) => permit.stops);
  const known = [...search.permits.values()].flatMap(({ stops: own, goals: shown }) =>
    own.map((stop, at) => ({ stop, goal: shown[at] })),
  );
  const goalOf = (stop: StopOnWay) => known.find((one) => one.stop === stop)?.goal;
  return {
    placed,
    after,
    stops,
    goalOf,
    repaired: without(goalsOf(broken), goalsOf(left)),
    unsolved,
    keptGuards: listGuards([
      // A permit for what one guard stops, which was wanted, may let the rest of it pass as well.
      ...guarded
        .filter(({ conversation }) => !isLetThrough(trace(after, conversation)))
        .map((one) => ({ trace: one, stops: findStops(ruleset, one) })),
      ...left
        .filter(isGuarded)
        .map((trace) => ({ trace, stops: findStops(after, trace).map((stop) => beforeChanges(stop, placed)) })),
    ]),
  };
}

/** Each guard with the first of what it stops. */
function listGuards(guarded: readonly { readonly trace: Trace; readonly stops: readonly StopOnWay[] }[]): KeptGuard[] {
  const guards = guarded.flatMap(({ trace: { conversation }, stops: [stop] }) =>
    stop === undefined ? [] : [{ rule: stop.rule, conversation }],
  );
  return [...Map.groupBy(guards, ({ rule }) => JSON.stringify({ ...rule, line: null })).values()].flatMap(
    ([first]) => first ?? [],
  );
}

/** What is searched for and how it is judged. */
type Task = {
  readonly ruleset: Ruleset;
  readonly need: Need;
  readonly trace: (rules: Ruleset, one: Conversation) => Trace;
  /** The guards that stay. */
  readonly guards: readonly GuardKind[];
};

/** `open`: the goals that don't pass; all others do. */
type Search = {
  readonly placed: readonly (Placed & { readonly wanted: KeyedPermit })[];
  readonly after: Ruleset;
  readonly permits: ReadonlyMap<string, Permit>;
  readonly open: readonly Conversation[];
};

function failingUnder({ trace }: Pick<Task, 'trace'>, rules: Ruleset, goals: readonly Conversation[]): Trace[] {
  return goals.map((goal) => trace(rules, goal)).filter((trace) => !isLetThrough(trace));
}

/** `broken`: the goals that fail under the rules as they are. */
function searchPermits(task: Task, goals: readonly Conversation[], broken: readonly Trace[]): Search {
  const permits = new Map<string, Permit>();
  let failing = broken;
  let { placed, after } = placeChanges<KeyedPermit>(task.ruleset, []);
  for (let round = 0; ; round++) {
    const learn = (traces: readonly Trace[]) =>
      round < MOST_ROUNDS && learnAll(task, permits, traces, { placed, after });
    if (!learn(failing)) {
      const lost = placed.length === 0 ? [] : failingUnder(task, after, without(goals, goalsOf(failing)));
      failing = [...failing, ...lost];
      if (!learn(lost)) break;
    }
    const wanted = [...permits].flatMap(([key, permit]) => wantPermit(task, key, permit));
    ({ placed, after } = placeChanges(task.ruleset, wanted));
    for (const permit of permits.values()) permit.tried = permit.stops.length;
    failing = failingUnder(task, after, goalsOf(failing));
  }
  return { placed, after, permits, open: goalsOf(failing) };
}

const goalsOf = (traces: readonly Trace[]): Conversation[] => traces.map(({ conversation }) => conversation);

/** True where there is something new to try for the failing ones. */
function learnAll(
  task: Task,
  permits: Map<string, Permit>,
  failing: readonly Trace[],
  { placed, after }: Pick<Search, 'placed' | 'after'>,
): boolean {
  const { ruleset, need } = task;
  const learned = failing.flatMap(({ conversation, ...trace }) =>
    findStops(after, { conversation, ...trace })
      .map((stop) => beforeChanges(stop, placed))
      .filter((stop) => !isLeft(task, stop, conversation))
      .map((stop) => learn(permits, ruleset, stop, conversation, need)),
  );
  return learned.includes(true);
}

/** A guard that stays: its stop is none that a permit has to deal with. */
function isLeft({ ruleset, guards, need: { opened = [] } }: Task, stop: StopOnWay, goal: Conversation): boolean {
  const kind = guards.length === 0 ? null : guardOf(ruleset, stop);
  if (kind === null || !guards.includes(kind)) return false;
  return !opened.some((one) => JSON.stringify(one) === JSON.stringify(goal));
}

/** Adds a stop to the permit that has to deal with it; false where that was tried before, or where no permit is right. */
function learn(
  permits: Map<string, Permit>,
  ruleset: Ruleset,
  stop: StopOnWay,
  goal: Conversation,
  { choice }: Need,
): boolean {
  const key = keyOf(ruleset, stop, choice);
  if (key === null) return false;
  const permit = permits.get(key) ?? { stops: [], goals: [], strict: true, tried: 0 };
  permits.set(key, permit);
  const known = permit.stops.findIndex((one) => sameStop(one, stop));
  if (known < 0) {
    permit.stops.push(stop);
    permit.goals.push(goal);
  }
  if (known < 0 || known >= permit.tried) return true;
  // Replies that conntrack doesn't know as such have to be permitted by their port alone.
  if (!permit.strict || choice.kind !== 'services' || !stop.packet.endsWith('reply')) return false;
  permit.strict = false;
  return true;
}

/** What was in doubt when an earlier permit was made may be so no more: what passes without it doesn't get it. */
function withoutNeedless(task: Task, search: Search, goals: readonly Conversation[]): Pick<Search, 'placed' | 'after'> {
  let { placed, after } = search;
  for (const [key, { goals: first }] of search.permits) {
    const fewer = placeChanges(
      task.ruleset,
      placed.flatMap(({ wanted }) => (wanted.key === key ? [] : [wanted])),
    );
    if (fewer.placed.length === placed.length) continue;
    const fails = (goal: Conversation) => !isLetThrough(task.trace(fewer.after, goal));
    // Most are needed by what they were made for.
    const isNeeded = first.some((goal) => goals.includes(goal) && fails(goal)) || goals.some(fails);
    if (!isNeeded) ({ placed, after } = fewer);
  }
  return { placed, after };
}

/** One permit serves all stops in a base chain that need the same packets to pass. In nat chains, a permit would undo the NAT of lo. */
function keyOf(ruleset: Ruleset, stop: StopOnWay, choice: Choice): string | null {
  const base = stop.path[0]?.place;
  if (base === undefined || chainAt(ruleset, base).chain.base?.type === 'nat') return null;
  const { layer, variant, family, table, chain } = base;
  const place = [layer, variant, family, table, chain];
  if (choice.kind !== 'services') return JSON.stringify(place);
  const permit = permitService(ruleset, stop, { strict: true, caseId: '' });
  return permit && JSON.stringify([...place, permit.only]);
}

function wantPermit(
  { ruleset, need: { choice, caseId } }: Task,
  key: string,
  { stops, strict }: Permit,
): KeyedPermit[] {
  const [stop] = stops;
  const found = findPermitPlace(
    ruleset,
    stops.map(({ path }) => path),
  );
  if (stop === undefined || found === null) return [];
  const added =
    choice.kind !== 'services'
      ? permitLoopback(stop.hook.hook, caseId)
      : permitService(ruleset, stop, { strict, caseId });
  const written = added && writeRule(found.place, chainAt(ruleset, found.place).chain, added);
  return added && written ? [{ ...found, key, added, written, reason: describePlacement(ruleset, found) }] : [];
}

/** The stop with the numbers that its rules have without the changes. */
function beforeChanges(stop: StopOnWay, placed: readonly PlacedPermit[]): StopOnWay {
  const numberBefore = (place: ChainPlace, number: number) =>
    number - placed.filter(({ change }) => samePlace(change.place, place) && change.position < number).length;
  const { rule } = stop;
  return {
    ...stop,
    rule: { ...rule, number: rule.number === 0 ? 0 : numberBefore(rule, rule.number) },
    path: stop.path.map(({ place, number }) => ({ place, number: numberBefore(place, number) })),
  };
}

function sameStop(a: StopOnWay, b: StopOnWay): boolean {
  return samePlace(a.rule, b.rule) && JSON.stringify(a.path.map(numberOf)) === JSON.stringify(b.path.map(numberOf));
}

const numberOf = ({ number }: Waypoint) => number;

function without(goals: readonly Conversation[], some: readonly Conversation[]): Conversation[] {
  const left = new Set(some);
  return goals.filter((goal) => !left.has(goal));
}

function distinct(conversations: readonly Conversation[]): Conversation[] {
  return [...new Map(conversations.map((one) => [JSON.stringify(one), one])).values()];
}
