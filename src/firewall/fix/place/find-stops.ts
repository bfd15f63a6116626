// Where a conversation is stopped, or may be: the rule, and the chain of jumps that led the packet there.

import type { HookTrace, Met, PacketName, RulePlace, Trace } from '../../conversation/trace.ts';
import { ruleListOf } from '../../evaluate/rule-list.ts';
import type { Chain, Rule, Ruleset, Table } from '../../model/model.ts';
import type { Step, Verdict } from '../../model/steps.ts';
import type { ChainPlace } from '../plan.ts';
import { chainAt, endOf } from '../rule/apply-change.ts';

/** One rule on a packet's way, in its chain; a policy counts as the rule after the last one, or as the one that leaves the chain for it. */
export type Waypoint = { readonly place: ChainPlace; readonly number: number };

/** A place where a packet ends or may end. `path` leads from the base chain to `rule`, its last waypoint. */
export type StopOnWay = {
  readonly packet: PacketName;
  readonly hook: HookTrace;
  readonly rule: RulePlace;
  readonly path: readonly Waypoint[];
};

/** The stop of a blocked conversation; of an uncertain one, the rules that may drop it at the first hook where that is so. */
export function findStops(ruleset: Ruleset, trace: Trace): StopOnWay[] {
  switch (trace.outcome) {
    case 'works':
    case 'leaves':
      return [];
    case 'blocked':
      return trace.stoppedAt === null
        ? []
        : stopsAmong(ruleset, trace, ({ packet, hook }) => {
            const at = trace.stoppedAt;
            return at !== null && at.packet === packet && at.hook === hook.hook ? [at.rule] : [];
          });
    case 'unknown':
      return stopsAmong(ruleset, trace, ({ hook }) => (hook.verdict === 'accept' ? [] : droppersAt(ruleset, hook)));
  }
}

/** The chain of a rule, without the rule. */
export function chainOf(rule: RulePlace): ChainPlace {
  const { family, table, chain } = rule;
  return rule.layer === 'iptables'
    ? { layer: rule.layer, variant: rule.variant, family, table, chain }
    : { layer: rule.layer, variant: rule.variant, family, table, chain };
}

type At = { readonly packet: PacketName; readonly hook: HookTrace };

function stopsAmong(ruleset: Ruleset, trace: Trace, rulesAt: (at: At) => readonly RulePlace[]): StopOnWay[] {
  for (const { packet, hooks } of trace.packets) {
    for (const hook of hooks) {
      const stops = rulesAt({ packet, hook }).map((rule) => ({
        packet,
        hook,
        rule,
        path: findPath(ruleset, hook, rule),
      }));
      if (stops.length > 0) return stops;
    }
  }
  return [];
}

function droppersAt(ruleset: Ruleset, hook: HookTrace): RulePlace[] {
  if (hook.stopped !== null) return [hook.stopped];
  return metRules(hook).filter((rule) => mayDrop(ruleset, rule));
}

function mayDrop(ruleset: Ruleset, place: RulePlace): boolean {
  if (place.number === 0) return place.text === 'policy drop';
  return ruleAt(ruleset, place)?.steps.some(isDrop) ?? false;
}

function isDrop(step: Step): boolean {
  if (step.kind === 'verdict-map') return true;
  return step.kind === 'verdict' && ['drop', 'reject', 'queue', 'proxy', 'unknown'].includes(step.verdict.kind);
}

/** The rule at a place, or undefined for a policy. */
export function ruleAt(ruleset: Ruleset, place: RulePlace): Rule | undefined {
  return ruleListOf(chainAt(ruleset, place).chain).at(place.number - 1);
}

/** The rules that the packet met, or may have met, at a hook. */
export function metRules({ way }: HookTrace): RulePlace[] {
  return way.flatMap((met) => ('rule' in met && met.match !== 'no' ? [met.rule] : []));
}

/** Each rule of another chain than the one before was jumped to, or is where a jump came back to. */
function findPath(ruleset: Ruleset, hook: HookTrace, rule: RulePlace): Waypoint[] {
  const place = chainOf(rule);
  const { table, chain } = chainAt(ruleset, place);
  if (rule.number === 0) return [{ place, number: numberLeftAt(table, chain, hook, rule) ?? endOf(chain) }];
  const path: Waypoint[] = [];
  for (const met of metRules(hook)) {
    if (met.number === 0 || !sameTable(met, rule)) continue;
    const isBase = table.chains.get(met.chain)?.base != null;
    const known = path.findIndex(({ place: { chain: name } }) => name === met.chain);
    path.splice(isBase ? 0 : known < 0 ? path.length : known);
    path.push({ place: chainOf(met), number: met.number });
    if (met.chain === rule.chain && met.number === rule.number) return path;
  }
  return [{ place, number: rule.number }];
}

/** The rule by which the packet left the chain for its policy before the end: nothing behind a RETURN or a goto sees it. */
function numberLeftAt(table: Table, chain: Chain, hook: HookTrace, policy: RulePlace): number | null {
  const met = hook.way.filter(
    (one): one is Met => 'rule' in one && one.match !== 'no' && one.rule.number > 0 && isSameChain(one.rule, policy),
  );
  const left = met.find(
    ({ rule, match }, at) =>
      (match === 'unknown' || at === met.length - 1) &&
      (ruleListOf(chain)
        .at(rule.number - 1)
        ?.steps.some((step) => mayLeave(table, step)) ??
        false),
  );
  return left?.rule.number ?? null;
}

/** True for a step that may end its chain and no more. */
function mayLeave({ sets }: Table, step: Step): boolean {
  if (step.kind === 'verdict') return isLeaving(step.verdict);
  if (step.kind !== 'verdict-map') return false;
  const map = typeof step.map === 'string' ? sets.get(step.map) : step.map;
  return map?.elements.some(({ verdict }) => verdict !== undefined && isLeaving(verdict)) ?? true;
}

function isLeaving({ kind }: Verdict): boolean {
  return kind === 'return' || kind === 'goto';
}

function isSameChain(a: RulePlace, b: RulePlace): boolean {
  return sameTable(a, b) && a.chain === b.chain;
}

function sameTable(a: RulePlace, b: RulePlace): boolean {
  return a.layer === b.layer && a.variant === b.variant && a.family === b.family && a.table === b.table;
}
