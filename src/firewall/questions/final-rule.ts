// The final rule of each outbound base chain, and the article's question about it: is what it drops on lo logged first?

import { track } from '../conversation/conntrack.ts';
import type { Met, PassedRules, RulePlace, Surroundings, Written } from '../conversation/trace.ts';
import { type Ending, evaluateBaseChain, type HookRun } from '../evaluate/evaluate-chain.ts';
import { evaluateHook } from '../evaluate/evaluate-hook.ts';
import { findBaseChains } from '../evaluate/hooked-chains.ts';
import { MetRules } from '../evaluate/met-rules.ts';
import type { World } from '../evaluate/world.ts';
import type { Chain, Rule, Ruleset, Table } from '../model/model.ts';
import { AS_SENT } from '../model/packet.ts';
import { placeOf, policyPlace } from '../model/rule-place.ts';
import { siteOf } from '../model/site.ts';
import { type CatchAll, catchAll } from './catch-all.ts';

/**
 * `rule` is the rule of the base chain that takes all packets that reach it (number 0: the policy), `action` what becomes of them.
 * `stop` is where this chain stops a new loopback connection of a kind that no rule names, null where it lets it go on or that can't be told.
 * `logs` says whether such a packet (where lo passes: one that reaches the final rule) meets a LOG or NFLOG before it is dropped: `limited` within a
 * rate limit or on a condition, `unreachable` where the logging rule (`logger`) stands behind the one that drops.
 */
export type FinalRule = {
  readonly rule: RulePlace;
  readonly action: 'accept' | 'drop' | 'reject' | 'unknown';
  readonly stop: RulePlace | null;
  readonly logs: 'always' | 'never' | 'limited' | 'unreachable';
  readonly logger: RulePlace | null;
};

/** One for each base chain that filters on OUTPUT and each family it sees: `family` tables one, inet tables one for both. */
export function findFinalRules(ruleset: Ruleset, surroundings: Surroundings): FinalRule[] {
  const found: FinalRule[] = [];
  const seen = new Set<Chain>();
  for (const family of ['ip', 'ip6'] as const) {
    for (const { table, chain } of findBaseChains(ruleset, 'output', family)) {
      if (chain.base?.type === 'nat' || seen.has(chain) || isIdle(table, chain)) continue;
      seen.add(chain);
      found.push(findFinalRule(ruleset, table, chain, family, surroundings));
    }
  }
  return found;
}

/** iptables' other tables are always there; without rules they say nothing. */
function isIdle({ layer, name }: Table, { rules, base }: Chain): boolean {
  return layer === 'iptables' && name !== 'filter' && rules.length === 0 && base?.policy === 'accept';
}

function findFinalRule(
  ruleset: Ruleset,
  table: Table,
  chain: Chain,
  family: 'ip' | 'ip6',
  surroundings: Surroundings,
): FinalRule {
  const last = catchAll(table, chain);
  const rule = last ? placeOf(table, chain.name, last.rule) : policyPlace(table, chain);
  const action = last ? last.action : (chain.base?.policy ?? 'accept');
  const run = runProbe(ruleset, table, chain, family, surroundings);
  const [ending] = run.endings;
  if (ending && run.survivors === 0) {
    return { rule, action, stop: ending.rule, ...judgeLogs(run, table, chain, ending) };
  }
  return { rule, action, stop: null, ...logsBefore(table, chain, last) };
}

type Probe = HookRun & { readonly survivors: number };

/** A new TCP connection to a port that no rule is likely to name, as it arrives at this chain. */
function runProbe(
  { tables }: Ruleset,
  table: Table,
  chain: Chain,
  family: 'ip' | 'ip6',
  surroundings: Surroundings,
): Probe {
  const world = probeWorld(family);
  const { destination } = world.packet;
  const site = { ...siteOf(surroundings, destination === null ? [] : [destination]), hook: 'output' as const };
  const order = findBaseChains({ tables }, 'output', family);
  const later = new Set(order.slice(order.findIndex((hooked) => hooked.chain === chain)).map((hooked) => hooked.chain));
  const earlier = tables.map((one) => ({
    ...one,
    chains: new Map([...one.chains].filter(([, { name }]) => !later.has(one.chains.get(name) ?? chain))),
  }));
  const before: HookRun = { site, packet: 0, met: new MetRules(), logs: [], endings: [] };
  const arriving = evaluateHook({ tables: earlier }, before, family, [world]);
  const run: HookRun = { site, packet: 0, met: new MetRules(), logs: [], endings: [] };
  const survivors = evaluateBaseChain(run, table, chain, arriving.length > 0 ? arriving : track(world, 0)).length;
  return { ...run, survivors };
}

function probeWorld(family: 'ip' | 'ip6'): World {
  const address = family === 'ip' ? 0x7f000001 : 1n;
  const transport = { kind: 'tcp', sourcePort: 40000, destinationPort: 31337, flags: 2 } as const;
  const length = [40, 100] as const;
  const packet = {
    family,
    source: address,
    destination: address,
    transport,
    length,
    ...AS_SENT,
    uid: 0,
    gid: 'unknown',
  } as const;
  return { packet, zone: 0, track: { kind: 'none' }, connections: [], lines: 'no', notes: 'no', assumptions: [] };
}

function judgeLogs(run: Probe, table: Table, chain: Chain, ending: Ending): Pick<FinalRule, 'logs' | 'logger'> {
  const [first] = run.logs;
  const noted = run.endings.map(({ world }) => world.notes);
  if (first && noted.every((notes) => notes === 'yes'))
    return { logs: 'always', logger: certainLog(run.logs)?.rule ?? first.rule };
  if (first) return { logs: 'limited', logger: first.rule };
  const behind = findLogBehind(run, table, chain, ending);
  return behind ? { logs: 'unreachable', logger: behind } : { logs: 'never', logger: null };
}

function certainLog(logs: readonly Written[]): Written | undefined {
  return logs.find(({ certain }) => certain === 'yes');
}

/** A logging rule that the packet would have met, had it not been stopped before. */
function findLogBehind(run: Probe, table: Table, chain: Chain, { world, rule }: Ending): RulePlace | null {
  const inner = table.chains.get(rule.chain);
  const number = lastMetIn(run.met.way, chain.name);
  const rests = [
    ...(inner && inner !== chain ? [{ ...inner, base: chain.base, rules: inner.rules.slice(rule.number) }] : []),
    ...(number === null ? [] : [{ ...chain, rules: chain.rules.slice(number) }]),
  ];
  for (const rest of rests) {
    const later: HookRun = { ...run, met: new MetRules(), logs: [], endings: [] };
    evaluateBaseChain(later, table, rest, [{ ...world, assumptions: [] }]);
    const [log] = later.logs;
    if (log) return log.rule;
  }
  return null;
}

/** The last rule of the base chain that took the packet; null where it ran into the policy. */
function lastMetIn(way: readonly (Met | PassedRules)[], chain: string): number | null {
  const last = way.findLast((part) => 'rule' in part && part.rule.chain === chain);
  return last && 'rule' in last && last.rule.number > 0 ? last.rule.number : null;
}

/** Where lo passes: the logging rules in front of the final rule that take every packet, here or in the chain it leads to. */
function logsBefore(table: Table, chain: Chain, last: CatchAll | null): Pick<FinalRule, 'logs' | 'logger'> {
  const final = last?.rule.number ?? Number.POSITIVE_INFINITY;
  const loggers = chain.rules.flatMap((rule) => {
    const logger = loggerOf(table, chain, rule);
    return logger === null ? [] : [{ at: rule.number, ...logger }];
  });
  const before = loggers.find(({ at }) => at < final);
  if (before) return { logs: before.isLimited ? 'limited' : 'always', logger: before.place };
  const inner = last && innerChain(table, last.rule);
  const inside = inner && logsBefore(table, inner, catchAll(table, inner));
  if (inside && inside.logs !== 'never') return inside;
  const behind = loggers.find(({ at }) => at > final);
  return behind ? { logs: 'unreachable', logger: behind.place } : { logs: 'never', logger: null };
}

/** The rule by which this one logs every packet: itself, or the first such rule of the chain that it hands all packets to (as ufw does). */
function loggerOf(table: Table, chain: Chain, rule: Rule): { place: RulePlace; isLimited: boolean } | null {
  if (logsAll(rule)) return { place: placeOf(table, chain.name, rule), isLimited: isLimited(rule) };
  const inner = rule.steps.every(({ kind }) => kind === 'verdict') ? innerChain(table, rule) : null;
  const first = inner?.rules.find(logsAll);
  return inner && first ? { place: placeOf(table, inner.name, first), isLimited: isLimited(first) } : null;
}

function isLimited({ steps }: Rule): boolean {
  return steps.some(({ kind }) => kind === 'sometimes');
}

/** A rule that logs every packet, be it within a limit. */
function logsAll({ steps }: Rule): boolean {
  return steps.some(({ kind }) => kind === 'log') && steps.every(({ kind }) => kind === 'log' || kind === 'sometimes');
}

/** The chain that a rule hands its packets to. */
function innerChain(table: Table, rule: Rule): Chain | null {
  for (const step of rule.steps) {
    if (step.kind !== 'verdict' || (step.verdict.kind !== 'jump' && step.verdict.kind !== 'goto')) continue;
    return table.chains.get(step.verdict.chain) ?? null;
  }
  return null;
}
