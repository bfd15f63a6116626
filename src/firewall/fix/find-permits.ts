// Finds the permits of a fix by trying: permit what stops a conversation, see what stops it next, until all pass or nothing helps.
import type { Ruleset } from '../model.ts';
import type { Conversation, Surroundings, Trace } from '../trace.ts';
import { traceConversation } from '../trace-conversation.ts';
import type { AddedRule } from './added-rule.ts';
import { chainAt } from './apply-change.ts';
import { describePlacement } from './describe-placement.ts';
import { findPermitPlace, type PermitPlace } from './find-permit-place.ts';
import { findStops, type Stop, type Waypoint } from './find-stops.ts';
import { permitLoopback, permitService } from './permit-rule.ts';
import { placeChanges, samePlace, type Wanted } from './place-changes.ts';
import type { ChainPlace, Choice } from './plan.ts';
import { type Placed, writeRule } from './write-rule.ts';

/** The permits, and what came of them. `stops` are all places where the conversations were stopped, numbered as before the changes. */
export type FoundPermits = {
  readonly placed: readonly PlacedPermit[];
  readonly after: Ruleset;
  readonly stops: readonly Stop[];
  readonly repaired: readonly Conversation[];
  readonly unsolved: readonly Trace[];
};

/** A placed permit with the rules of its chain that it has to come before. */
export type PlacedPermit = Placed & { readonly wanted: WantedPermit };

export type WantedPermit = Wanted & Pick<PermitPlace, 'stoppers'> & { readonly added: AddedRule };

/** What is to pass, and whose rules they will be. */
export type Need = { readonly choice: Choice; readonly caseId: string };

/** `strict`: replies only of connections that conntrack knows. `tried`: how many of the stops it has been placed for. */
type Permit = { readonly stops: Stop[]; strict: boolean; tried: number };

/** More rounds than any chain of stops needs; a guard, not a limit that is met. */
const MOST_ROUNDS = 100;

/**
 * Finds permits so that the goals pass; goals that no permit helps get none. Traced once more at the end, so that `repaired` and
 * `unsolved` are what the changed rules really do.
 */
export function findPermits(
  ruleset: Ruleset,
  surroundings: Surroundings,
  goals: readonly Conversation[],
  need: Need,
): FoundPermits {
  const trace = (rules: Ruleset, one: Conversation) => traceConversation(rules, one, surroundings);
  const broken = distinct(goals).filter((goal) => trace(ruleset, goal).outcome !== 'works');
  const hopeful = searchPermits(ruleset, surroundings, broken, need);
  const solvable = broken.filter((goal) => !hopeful.open.includes(goal));
  const { placed, after, stops } =
    solvable.length === broken.length ? hopeful : searchPermits(ruleset, surroundings, solvable, need);
  const ends = broken.map((goal) => trace(after, goal));
  return {
    placed,
    after,
    stops,
    repaired: ends.filter(({ outcome }) => outcome === 'works').map(({ conversation }) => conversation),
    unsolved: ends.filter(({ outcome }) => outcome !== 'works'),
  };
}

/** `open`: the goals that still don't pass. */
type Search = Pick<FoundPermits, 'placed' | 'after' | 'stops'> & { readonly open: readonly Conversation[] };

function searchPermits(
  ruleset: Ruleset,
  surroundings: Surroundings,
  goals: readonly Conversation[],
  need: Need,
): Search {
  const permits = new Map<string, Permit>();
  let open = goals;
  let { placed, after } = placeChanges<WantedPermit>(ruleset, []);
  for (let round = 0; round < MOST_ROUNDS && open.length > 0; round++) {
    const traces = open.map((goal) => traceConversation(after, goal, surroundings));
    const blocked = traces.filter(({ outcome }) => outcome !== 'works');
    open = blocked.map(({ conversation }) => conversation);
    const stops = blocked.flatMap((trace) => findStops(after, trace)).map((stop) => beforeChanges(stop, placed));
    const learned = stops.map((stop) => learn(permits, ruleset, stop, need));
    if (!learned.includes(true)) break;
    const wanted = [...permits.values()].flatMap((permit) => wantPermit(ruleset, permit, need));
    ({ placed, after } = placeChanges(ruleset, wanted));
    for (const permit of permits.values()) permit.tried = permit.stops.length;
  }
  return { placed, after, open, stops: [...permits.values()].flatMap(({ stops }) => stops) };
}

/** Adds a stop to the permit that has to deal with it; false where that was tried before, or where no permit is right. */
function learn(permits: Map<string, Permit>, ruleset: Ruleset, stop: Stop, { choice }: Need): boolean {
  const key = keyOf(ruleset, stop, choice);
  if (key === null) return false;
  const permit = permits.get(key) ?? { stops: [], strict: true, tried: 0 };
  permits.set(key, permit);
  const known = permit.stops.findIndex((one) => sameStop(one, stop));
  if (known < 0) permit.stops.push(stop);
  if (known < 0 || known >= permit.tried) return true;
  // Replies that conntrack doesn't know as such have to be permitted by their port alone.
  if (!permit.strict || choice.kind === 'all' || !stop.packet.endsWith('reply')) return false;
  permit.strict = false;
  return true;
}

/** One permit serves all stops in a base chain that need the same packets to pass. In nat chains, a permit would undo the NAT of lo. */
function keyOf(ruleset: Ruleset, stop: Stop, choice: Choice): string | null {
  const base = stop.path[0]?.place;
  if (base === undefined || chainAt(ruleset, base).chain.base?.type === 'nat') return null;
  const { layer, variant, family, table, chain } = base;
  const place = [layer, variant, family, table, chain];
  if (choice.kind === 'all') return JSON.stringify(place);
  const permit = permitService(ruleset, stop, { strict: true, caseId: '' });
  return permit && JSON.stringify([...place, permit.only]);
}

function wantPermit(ruleset: Ruleset, { stops, strict }: Permit, { choice, caseId }: Need): WantedPermit[] {
  const [stop] = stops;
  const found = findPermitPlace(
    ruleset,
    stops.map(({ path }) => path),
  );
  if (stop === undefined || found === null) return [];
  const added =
    choice.kind === 'all' ? permitLoopback(stop.hook.hook, caseId) : permitService(ruleset, stop, { strict, caseId });
  const written = added && writeRule(found.place, chainAt(ruleset, found.place).chain, added);
  return added && written ? [{ ...found, added, written, reason: describePlacement(ruleset, found) }] : [];
}

/** The stop with the numbers that its rules have without the changes. */
function beforeChanges(stop: Stop, placed: readonly PlacedPermit[]): Stop {
  const numberBefore = (place: ChainPlace, number: number) =>
    number - placed.filter(({ change }) => samePlace(change.place, place) && change.position < number).length;
  const { rule } = stop;
  return {
    ...stop,
    rule: { ...rule, number: rule.number === 0 ? 0 : numberBefore(rule, rule.number) },
    path: stop.path.map(({ place, number }) => ({ place, number: numberBefore(place, number) })),
  };
}

function sameStop(a: Stop, b: Stop): boolean {
  return samePlace(a.rule, b.rule) && JSON.stringify(a.path.map(numberOf)) === JSON.stringify(b.path.map(numberOf));
}

const numberOf = ({ number }: Waypoint) => number;

function distinct(conversations: readonly Conversation[]): Conversation[] {
  return [...new Map(conversations.map((one) => [JSON.stringify(one), one])).values()];
}
