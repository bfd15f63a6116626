// One rule applied to one world: whether it is met, what it changes, and the verdict it leads to.

import { isUntouched } from '../conversation/conntrack.ts';
import { applyNat } from '../conversation/nat.ts';
import type { Doubt } from '../conversation/trace.ts';
import { noteOf } from '../facts/answer-question.ts';
import type { Note } from '../facts/question.ts';
import type { Rule, Table } from '../model/model.ts';
import { placeOf } from '../model/rule-place.ts';
import { type Action, isCondition, type Log, type SettableField, type Verdict } from '../model/steps.ts';
import { evaluateOperand, findElement, noteOfSet } from './evaluate-operand.ts';
import { type Reading, type Site, UNKNOWN } from './read-field.ts';
import { describeKey, testCondition } from './test-condition.ts';
import { type Assumption, type Uncertainty, type World, withConnection } from './world.ts';

/** What a rule is run with. `packet` counts the conversation's packets, so that an assumption lasts as long as its packet. */
export type RuleSite = {
  readonly site: Site;
  readonly packet: number;
  readonly table: Table;
  readonly chain: string;
  readonly rule: Rule;
};

/** A way through the rule: the world afterwards, whether the rule's conditions held, what it logged, and the verdict (null: on to the next rule). */
export type Way = {
  readonly world: World;
  readonly met: boolean;
  readonly doubts: readonly Doubt[];
  readonly logs: readonly Log[];
  readonly verdict: Verdict | null;
};

/** True where a condition at the head of the rule is surely not met, so that the rule does nothing. Cheap, unlike running it. */
export function isUnmet(site: Site, table: Table, { steps }: Rule, world: World): boolean {
  for (const step of steps) {
    if (!isCondition(step)) return false;
    if (testCondition(world, site, table, step) === false) return true;
  }
  return false;
}

/** All ways through the rule; more than one where something is not known. The likelier one (the limit not used up) comes first. */
export function runRule(at: RuleSite, start: World): Way[] {
  const others: Way[] = [];
  let world = start;
  let pending: Uncertainty[] = [];
  let doubts: readonly Doubt[] = [];
  let acted = false;
  const logs: Log[] = [];
  const leave = (verdict: Verdict | null, met: boolean): Way[] => {
    const way = { world, met, doubts, logs: [...logs], verdict };
    return doubts.length > 0 && !isFresh(way.world) ? [...others, way] : [way, ...others];
  };
  for (const step of at.rule.steps) {
    if (isCondition(step)) {
      const answer = recall(at, world, testCondition(world, at.site, at.table, step));
      if (answer === false) return leave(null, acted);
      if (answer !== true) pending.push(answer);
      continue;
    }
    if (pending.length > 0) {
      const fork = pending.map((uncertainty) => doubt(at, uncertainty));
      others.push({
        world: assume(at, world, fork, pending, false),
        met: false,
        doubts: fork,
        logs: [...logs],
        verdict: null,
      });
      world = assume(at, world, fork, pending, true);
      doubts = [...doubts, ...fork];
      pending = [];
    }
    if (step.kind === 'note') {
      world = noteDown(at, world, step.note);
      continue;
    }
    acted = true;
    const done = act(at, world, step, logs);
    if (done === null) return leave(null, false);
    world = done.world;
    // `continue`, as a map may say it, goes on in this very rule: only other verdicts leave it (nft_do_chain).
    if (done.verdict && done.verdict.kind !== 'continue') return leave(done.verdict, true);
  }
  if (pending.length > 0) doubts = [...doubts, ...pending.map((uncertainty) => doubt(at, uncertainty))];
  return leave(null, true);
}

/** True where all that was assumed is what the first packet after loading would meet. */
export function isFresh(world: World): boolean {
  return world.assumptions.every(({ fresh }) => fresh);
}

/** Names the rule that an uncertainty is about. */
export function doubt({ table, chain, rule }: RuleSite, { what, settledBy, limit }: Uncertainty): Doubt {
  return { rule: placeOf(table, chain, rule), what, settledBy, limit };
}

/** The world with assumptions about the conditions: all of them hold, or not all. */
function assume(
  at: RuleSite,
  world: World,
  doubts: readonly Doubt[],
  about: readonly Uncertainty[],
  holds: boolean,
): World {
  const added = doubts.map((one, index): Assumption => {
    const fresh = about[index]?.fresh ?? 'unknown';
    return { doubt: one, packet: at.packet, holds, fresh: fresh === 'unknown' || (fresh === 'yes') === holds };
  });
  return { ...world, assumptions: [...world.assumptions, ...added] };
}

/** The same unknown condition on the same packet has one answer; what depends on the traffic may have changed meanwhile. */
function recall(at: RuleSite, world: World, answer: boolean | Uncertainty): boolean | Uncertainty {
  if (typeof answer === 'boolean' || answer.limit || world.assumptions.length === 0) return answer;
  const made = world.assumptions.filter(({ packet, doubt: { what } }) => packet === at.packet && what === answer.what);
  const [assumption] = made;
  return assumption && made.length === 1 && answer.fresh === 'unknown' ? assumption.holds : answer;
}

/** Carries out one action; null where it ends the rule as if a condition had not been met. */
function act(
  at: RuleSite,
  world: World,
  action: Exclude<Action, { kind: 'note' }>,
  logs: Log[],
): { world: World; verdict: Verdict | null } | null {
  switch (action.kind) {
    case 'verdict':
      return { world, verdict: action.verdict };
    case 'verdict-map': {
      const found = findElement(world, at.site, at.table, action.key, action.map);
      if (found === 'none') return null;
      if (found === 'unknown' || !found.verdict)
        return { world, verdict: unknownVerdict(`${describeKey(action.key)} vmap`) };
      return { world, verdict: found.verdict };
    }
    case 'log':
      logs.push(action);
      return {
        world: { ...world, notes: 'yes', lines: action.group === null && !at.site.isLate ? 'yes' : world.lines },
        verdict: null,
      };
    case 'set':
      return setField(at, world, action);
    case 'notrack':
      return {
        world: isUntouched(world, at.table.layer) ? { ...world, track: { kind: 'untracked' } } : world,
        verdict: null,
      };
    case 'nat':
      return applyNat(at, world, action);
  }
}

function noteDown({ site, table }: RuleSite, world: World, note: Note): World {
  const noted = note.store === 'nft' ? noteOfSet(world, site, table, note) : noteOf(world, site, note);
  const before = world.noted ?? [];
  // A list counts its packets; in a set, what was the last word stays it.
  const last = before.findLast(({ store, key }) => store === noted.store && key === noted.key);
  if (note.store !== 'recent' && last?.does === noted.does) return world;
  return { ...world, noted: [...before, noted] };
}

function unknownVerdict(what: string): Verdict {
  return { kind: 'unknown', what, settledBy: 'what is in the map' };
}

function setField(
  at: RuleSite,
  world: World,
  action: Extract<Action, { kind: 'set' }>,
): { world: World; verdict: null } | null {
  let value: Reading = 0;
  for (const [index, operand] of action.value.entries()) {
    const part: Reading = evaluateOperand(world, at.site, at.table, operand);
    if (part === undefined) return null;
    if (index === 0) value = part;
    else value = typeof value === 'number' && typeof part === 'number' ? (value ^ part) >>> 0 : UNKNOWN;
  }
  const number = typeof value === 'number' ? (value & WIDTHS[action.field]) >>> 0 : null;
  return { world: withField(at, world, action.field, number), verdict: null };
}

/** As much of a value as the field has room for. */
const WIDTHS: Readonly<Record<SettableField, number>> = {
  'meta mark': 0xffffffff,
  'ct mark': 0xffffffff,
  'ct zone': 0xffff,
  'meta priority': 0xffffffff,
  'meta pkttype': 0xff,
  'ip dscp': 0x3f,
  'ip6 dscp': 0x3f,
  'ip ecn': 3,
  'ip6 ecn': 3,
  'ip ttl': 0xff,
  'ip6 hoplimit': 0xff,
  'tcp option maxseg size': 0xffff,
};

function withField(at: RuleSite, world: World, field: SettableField, value: number | null): World {
  switch (field) {
    case 'meta mark':
      return { ...world, packet: { ...world.packet, mark: value } };
    case 'ct mark':
      return withConnection(world, { mark: value });
    case 'ct zone':
      return isUntouched(world, at.table.layer)
        ? { ...world, zone: value ?? zoneDoubt(at), track: { kind: 'template' } }
        : world;
    case 'ip dscp':
    case 'ip6 dscp':
      return { ...world, packet: { ...world.packet, dscp: value } };
    case 'ip ttl':
    case 'ip6 hoplimit':
      return { ...world, packet: { ...world.packet, ttl: value } };
    case 'ip ecn':
    case 'ip6 ecn':
      return { ...world, packet: { ...world.packet, ecn: value } };
    case 'tcp option maxseg size':
      return { ...world, packet: { ...world.packet, segment: atMost(world.packet.segment, value) } };
    case 'meta priority':
      return { ...world, packet: { ...world.packet, priority: value } };
    case 'meta pkttype':
      return withType(at, world, value);
  }
}

/** Types above are for the kernel's own use; it lets no rule set them (skb_pkt_type_ok). */
const LAST_TYPE = 3;

function withType(at: RuleSite, world: World, type: number | null): World {
  if (type !== null && type > LAST_TYPE) return world;
  const typedBy = { hook: at.site.hook, doubt: doubt(at, notKnown('meta pkttype', 'what the rule sets it to')) };
  return { ...world, packet: { ...world.packet, type }, typedBy };
}

function zoneDoubt(at: RuleSite): Doubt {
  return doubt(at, notKnown('ct zone', 'what the rule sets it to'));
}

function notKnown(what: string, settledBy: string): Uncertainty {
  return { what, settledBy, limit: false, fresh: 'unknown' };
}

/** Segments are only ever made smaller. */
function atMost(segment: World['packet']['segment'], value: number | null): World['packet']['segment'] {
  return segment === null || value === null ? null : [Math.min(segment[0], value), Math.min(segment[1], value)];
}
