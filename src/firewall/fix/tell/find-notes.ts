// What is worth a word about the rules as they are: permits for loopback that are there and do nothing.

import { isLoopbackAddress } from '../../model/address.ts';
import { targetsOf } from '../../model/jumps.ts';
import type { Chain, Rule, Ruleset, Table } from '../../model/model.ts';
import { isCondition } from '../../model/steps.ts';
import type { StopOnWay, Waypoint } from '../place/find-stops.ts';
import { chainAt } from '../rule/apply-change.ts';

/** One sentence for each such permit, in the chains where traffic is stopped. */
export function findNotes(ruleset: Ruleset, stops: readonly StopOnWay[]): string[] {
  return [...new Set(stops.flatMap((stop) => stop.path.flatMap((waypoint) => notesAt(ruleset, stop, waypoint))))];
}

function notesAt(ruleset: Ruleset, stop: StopOnWay, { place, number }: Waypoint): string[] {
  const { table, chain } = chainAt(ruleset, place);
  const late = rulesFrom(table, chain, number + 1, new Set([chain.name])).filter(({ rule }) => permitsLoopback(rule));
  const tooLate = late.map(
    ({ name, rule }) =>
      `Rule ${rule.number} of ${name} permits loopback already, but rule ${number} of ${chain.name} comes first and stops this traffic.`,
  );
  return [...tooLate, ...narrowPermits(chain, number, stop)];
}

type RuleOf = { readonly name: string; readonly rule: Rule };

/** The rules from that number on, and those of the chains they jump to. */
function rulesFrom(table: Table, chain: Chain, number: number, seen: Set<string>): RuleOf[] {
  return chain.rules.slice(number - 1).flatMap((rule) => {
    const fresh = targetsOf(table, rule).filter(({ name }) => !seen.has(name));
    for (const { name } of fresh) seen.add(name);
    return [{ name: chain.name, rule }, ...fresh.flatMap((target) => rulesFrom(table, target, 1, seen))];
  });
}

/** Permits by address: what goes to the host's own address leaves by lo as well, and they don't see it. */
function narrowPermits(chain: Chain, number: number, { hook: { packet } }: StopOnWay): string[] {
  if (packet.destination === null || isLoopbackAddress(packet.destination)) return [];
  return chain.rules
    .slice(0, number - 1)
    .filter(permitsLoopbackAddresses)
    .map(
      (rule) =>
        `Rule ${rule.number} of ${chain.name} permits loopback addresses only; what goes to the host's own address travels over lo too, and is stopped.`,
    );
}

/** True for a rule that accepts all that goes over lo. */
function permitsLoopback(rule: Rule): boolean {
  const conditions = rule.steps.filter(isCondition);
  return (
    accepts(rule) &&
    conditions.length > 0 &&
    conditions.every(
      (step) =>
        step.kind === 'compare' &&
        !step.negated &&
        step.operand.kind === 'field' &&
        /^meta [io]if(name)?$/.test(step.operand.field) &&
        step.values.some((value) => value === 'lo' || value === 1),
    )
  );
}

function permitsLoopbackAddresses(rule: Rule): boolean {
  return (
    accepts(rule) &&
    rule.steps.some(
      (step) =>
        step.kind === 'compare' &&
        !step.negated &&
        step.operand.kind === 'field' &&
        /^ip6? [sd]addr$/.test(step.operand.field) &&
        step.values.every((value) => isLoopback(typeof value === 'object' && 'from' in value ? value.from : value)),
    )
  );
}

function isLoopback(value: unknown): boolean {
  return typeof value === 'bigint' ? value === 1n : typeof value === 'number' && value >>> 24 === 127;
}

function accepts({ steps }: Rule): boolean {
  return steps.some((step) => step.kind === 'verdict' && step.verdict.kind === 'accept');
}
