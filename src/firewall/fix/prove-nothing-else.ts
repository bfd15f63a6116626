// Shows that a change concerns loopback only: by how its rules are built, and by judging packets that are not on lo before and after.

import type { HookTrace } from '../conversation/trace.ts';
import { evaluatePacket } from '../conversation/travel.ts';
import { ruleListOf } from '../evaluate/rule-list.ts';
import type { Hook, Rule, Ruleset } from '../model/model.ts';
import { isCondition } from '../model/steps.ts';
import type { Change, Proof } from './plan.ts';
import { isTableOf } from './rule/apply-change.ts';
import { type Sample, samplePackets } from './sample-packets.ts';

/** As many rules are met as a second or so allows. */
const RULES_TO_MEET = 1_000_000;
const MOST_PACKETS = 4000;

/**
 * By construction: each added rule asks for lo before anything else, and accepts or logs. By evaluation: packets not on lo, sampled at
 * the limits of all rules, are judged the same, and by the same rule, with and without the changes.
 */
export function proveNothingElse(before: Ruleset, after: Ruleset, changes: readonly Change[]): Proof {
  const built = changes.every(({ rule }) => concernsLoopbackOnly(rule));
  const tables = before.tables.filter((table) => changes.some(({ place }) => isTableOf(table, place)));
  const { samples, all } = samplePackets(tables, mostPackets(before));
  const same = samples.every((sample) => sameJudgement(judge(before, sample), judge(after, sample)));
  const hooks = [...new Set(samples.map(({ hook }) => hook))];
  return {
    holds: built && same,
    packets: samples.length,
    hooks,
    statement: changes.length === 0 ? 'Nothing changes.' : state(built && same, samples.length, hooks, all),
  };
}

function mostPackets({ tables }: Ruleset): number {
  const chains = tables.flatMap((table) => [...table.chains.values()]);
  const rules = chains.reduce((sum, chain) => sum + ruleListOf(chain).length, 1);
  return Math.max(50, Math.min(MOST_PACKETS, Math.floor(RULES_TO_MEET / rules / 2)));
}

/** True for a rule that nothing but a packet on lo can meet, and that does no more than accept or log it. */
function concernsLoopbackOnly({ steps: [first, ...rest] }: Rule): boolean {
  const onLo =
    first?.kind === 'compare' &&
    !first.negated &&
    first.operand.kind === 'field' &&
    /^meta [io]ifname$/.test(first.operand.field) &&
    first.values.every((value) => value === 'lo');
  return (
    onLo &&
    rest.every(
      (step) => isCondition(step) || step.kind === 'log' || (step.kind === 'verdict' && step.verdict.kind === 'accept'),
    )
  );
}

function judge(ruleset: Ruleset, { packet, hook, device }: Sample): HookTrace {
  return evaluatePacket(ruleset, packet, hook, { ownAddresses: null, serverUid: null, serverGid: null }, device);
}

function sameJudgement(a: HookTrace, b: HookTrace): boolean {
  return a.verdict === b.verdict && a.stopped?.text === b.stopped?.text && a.stopped?.chain === b.stopped?.chain;
}

function state(holds: boolean, packets: number, hooks: readonly Hook[], all: boolean): string {
  if (!holds) return 'Not proved: some traffic that is not on lo would be judged differently.';
  if (packets === 0) return 'Each added rule matches lo alone. No packet of another device comes into these chains.';
  const which = all ? 'at the limits of every rule' : 'picked from those at the limits of the rules';
  return `Each added rule matches lo alone. ${packets} packets that are not on lo, ${which} in the changed tables, were judged without and with the changes (${hooks.join(', ')}): each time by the same rule, with the same verdict.`;
}
