// Worlds through a base chain: rule by rule, into the chains it jumps to and back, to its policy.

import type { Met, RulePlace, Written } from '../conversation/trace.ts';
import { answerQuestion } from '../facts/answer-question.ts';
import { whoReads } from '../facts/who-reads.ts';
import type { Chain, Rule, Table } from '../model/model.ts';
import { placeOf, policyPlace } from '../model/rule-place.ts';
import type { Log, Verdict } from '../model/steps.ts';
import { glanceAt } from './glance.ts';
import type { MetRules } from './met-rules.ts';
import type { Site } from './read-field.ts';
import { ruleListOf } from './rule-list.ts';
import { doubt, isFresh, isUnmet, type RuleSite, runRule, type Way } from './run-rule.ts';
import { mergeWorlds, type World } from './world.ts';

/** A world whose packet ended in a hook. */
export type Ending = {
  readonly world: World;
  readonly rule: RulePlace;
  readonly verdict: Extract<Verdict, { kind: 'reject' }> | { readonly kind: 'drop' };
};

/** What is gathered while worlds go through one hook. */
export type HookRun = {
  readonly site: Site;
  readonly packet: number;
  readonly met: MetRules;
  readonly logs: Written[];
  readonly endings: Ending[];
};

/** Where the worlds that stay in a chain are collected. */
type Frame = {
  readonly run: HookRun;
  readonly table: Table;
  readonly chain: Chain;
  /** Worlds that left this chain for its caller. */
  readonly returned: World[];
  /** Worlds accepted by the base chain at the bottom. */
  readonly accepted: World[];
  /** The chains above; a loop or an absurd depth ends in a doubt, not in an endless walk. */
  readonly depth: number;
};

/** More chains inside one another than any kernel allows. */
const DEEPEST = 200;

/** Worlds that leave the base chain alive; those that don't are in `run.endings`. */
export function evaluateBaseChain(run: HookRun, table: Table, chain: Chain, worlds: readonly World[]): World[] {
  const accepted: World[] = [];
  const through = evaluateChain({ run, table, chain, returned: [], accepted, depth: 0 }, worlds);
  const place = policyPlace(table, chain);
  if (through.length > 0) run.met.add({ rule: place, match: 'yes', doubts: [] });
  if (chain.base?.policy === 'drop') {
    run.endings.push(...through.map((world): Ending => ({ world, rule: place, verdict: { kind: 'drop' } })));
    return mergeWorlds(accepted);
  }
  return mergeWorlds([...accepted, ...through]);
}

/** Worlds that come out at the chain's end or return from it. */
function evaluateChain(frame: Frame, start: readonly World[]): World[] {
  const { run, table, chain } = frame;
  const list = ruleListOf(chain);
  let worlds = start;
  let glance = glanceAt(run.site, worlds);
  for (let index = 0; index < list.length && worlds.length > 0; index++) {
    const next = glance ? list.next(glance, index) : index;
    if (next > index) run.met.pass(table, chain, list, index, next);
    const rule = list.at(next);
    if (!rule) break;
    const on = evaluateRule(frame, rule, worlds);
    if (on !== worlds) glance = glanceAt(run.site, on);
    else run.met.pass(table, chain, list, next, next + 1);
    worlds = on;
    index = next;
  }
  return mergeWorlds([...frame.returned, ...worlds]);
}

/** Worlds that go on to the next rule; the very same where it did not match. */
function evaluateRule(frame: Frame, rule: Rule, worlds: readonly World[]): readonly World[] {
  const { run, table, chain } = frame;
  if (worlds.every((world) => isUnmet(run.site, table, rule, world))) {
    return worlds;
  }
  const at: RuleSite = { site: run.site, packet: run.packet, table, chain: chain.name, rule };
  const ways = worlds.flatMap((world) => runRule(at, world));
  run.met.add({
    rule: placeOf(table, chain.name, rule),
    match: matchOf(ways),
    doubts: [...new Set(ways.flatMap(({ doubts }) => doubts))],
  });
  for (const way of ways) run.logs.push(...way.logs.map((log) => written(at, way.world, log)));
  const next = ways.filter(({ verdict }) => verdict === null || verdict.kind === 'continue').map(({ world }) => world);
  const judged = ways.filter(({ verdict }) => verdict !== null && verdict.kind !== 'continue');
  const jumps = new Map<string, { verdict: Verdict; worlds: World[] }>();
  for (const { world, verdict } of judged) {
    if (verdict === null) continue;
    if (verdict.kind !== 'jump' && verdict.kind !== 'goto') {
      next.push(...judge(frame, at, world, verdict));
      continue;
    }
    const key = `${verdict.kind} ${verdict.chain}`;
    const group = jumps.get(key);
    if (group) group.worlds.push(world);
    else jumps.set(key, { verdict, worlds: [world] });
  }
  for (const { verdict, worlds: jumping } of jumps.values()) next.push(...jump(frame, at, verdict, jumping));
  return mergeWorlds(next.length > 1 ? freshFirst(next) : next);
}

function matchOf(ways: readonly Way[]): Met['match'] {
  if (ways.some(({ doubts }) => doubts.length > 0)) return 'unknown';
  const met = ways.filter((way) => way.met).length;
  return met === 0 ? 'no' : met === ways.length ? 'yes' : 'unknown';
}

function written(at: RuleSite, world: World, log: Log): Written {
  const doubts = world.assumptions.filter(({ packet }) => packet === at.packet).map(({ doubt: one }) => one);
  const certain = doubts.length === 0 ? 'yes' : doubts.every(({ limit }) => limit) ? 'limited' : 'maybe';
  return { rule: placeOf(at.table, at.chain, at.rule), log, certain, doubts };
}

/** Verdicts that are no jumps; returns the worlds that go on to the next rule nevertheless. */
function judge(
  frame: Frame,
  at: RuleSite,
  world: World,
  verdict: Exclude<Verdict, { kind: 'jump' | 'goto' }>,
): World[] {
  switch (verdict.kind) {
    case 'accept':
      frame.accepted.push(world);
      return [];
    case 'drop':
    case 'reject':
      frame.run.endings.push({
        world,
        rule: placeOf(at.table, at.chain, at.rule),
        verdict: verdict.kind === 'drop' ? { kind: 'drop' } : verdict,
      });
      return [];
    case 'return':
      frame.returned.push(world);
      return [];
    case 'continue':
      return [world];
    case 'queue':
      return judgeQueue(frame, at, world, verdict);
    case 'proxy':
      return judgeProxy(frame, at, world, verdict);
    case 'unknown':
      return anyJudgement(frame, at, world, verdict.what, verdict.settledBy, true);
  }
}

/** Without a program that reads the queue, the kernel drops the packet, or with `bypass` accepts it (nf_queue in net/netfilter/nf_queue.c). */
function judgeQueue(frame: Frame, at: RuleSite, world: World, verdict: Extract<Verdict, { kind: 'queue' }>): World[] {
  const reader = whoReads(verdict, frame.run.site.facts?.queues ?? null);
  if (reader === 'nobody') return judge(frame, at, world, verdict.bypass ? { kind: 'accept' } : { kind: 'drop' });
  const settledBy =
    reader === 'a program'
      ? 'what the program that reads it decides'
      : 'whether a program reads this queue, and what it decides';
  return anyJudgement(frame, at, world, `queue ${verdict.queue}`, settledBy, false);
}

/** Without a transparent socket that takes it, the kernel drops the packet (xt_TPROXY.c). */
function judgeProxy(frame: Frame, at: RuleSite, world: World, verdict: Extract<Verdict, { kind: 'proxy' }>): World[] {
  const isTaken = answerQuestion(world, frame.run.site, verdict.question);
  if (isTaken !== null) return judge(frame, at, world, { kind: isTaken ? 'accept' : 'drop' });
  const settledBy = 'whether a transparent proxy waits there ("ss -ltun --inet-sockopt")';
  return anyJudgement(frame, at, world, verdict.what, settledBy, false);
}

/** The packet may be dropped, accepted, or (where `goesOn`) go on to the next rule. */
function anyJudgement(
  frame: Frame,
  at: RuleSite,
  world: World,
  what: string,
  settledBy: string,
  goesOn: boolean,
): World[] {
  const about = doubt(at, { what, settledBy, limit: false, fresh: 'unknown' });
  const assuming = (holds: boolean): World => ({
    ...world,
    assumptions: [...world.assumptions, { doubt: about, packet: at.packet, holds, fresh: true }],
  });
  frame.run.met.add({ rule: about.rule, match: 'unknown', doubts: [about] });
  frame.run.endings.push({ world: assuming(true), rule: about.rule, verdict: { kind: 'drop' } });
  frame.accepted.push(assuming(false));
  return goesOn ? [assuming(false)] : [];
}

/** Sends worlds through another chain; those that come out of a jump go on, those of a goto leave this chain as well. */
function jump(frame: Frame, at: RuleSite, verdict: Verdict, worlds: readonly World[]): World[] {
  if (verdict.kind !== 'jump' && verdict.kind !== 'goto') return [...worlds];
  const chain = frame.table.chains.get(verdict.chain);
  if (!chain || frame.depth >= DEEPEST) {
    const what = chain ? `chains deeper than ${DEEPEST}` : `chain ${verdict.chain}, which is not in the table`;
    return worlds.flatMap((world) => anyJudgement(frame, at, world, what, 'the whole table', true));
  }
  const through = evaluateChain({ ...frame, chain, returned: [], depth: frame.depth + 1 }, mergeWorlds(worlds));
  if (verdict.kind === 'jump') return through;
  frame.returned.push(...through);
  return [];
}

function freshFirst(worlds: readonly World[]): World[] {
  return [...worlds.filter(isFresh), ...worlds.filter((world) => !isFresh(world))];
}
