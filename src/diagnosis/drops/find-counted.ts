// Rules and policies that have stopped packets meanwhile, by the kernel's counters, whether or not a line came of it.

import type { RulePlace } from '../../firewall/conversation/trace.ts';
import { findStops } from '../../firewall/fix/place/find-stops.ts';
import { count } from '../../naming/numbers.ts';
import { citeRule } from '../../naming/rules.ts';
import type { Finding } from '../finding.ts';
import type { Inspection } from '../inspect/inspect.ts';

/** How many packets more a rule has counted than before. */
export type RuleRise = { readonly rule: RulePlace; readonly packets: number };

/** The rules that stop, or may stop, something on its way out or over lo. */
export const listStops = ({ ruleset, blockedTraces, unknownTraces, policies }: Inspection): RulePlace[] => {
  const onLo = [...blockedTraces, ...unknownTraces].flatMap((trace) =>
    findStops(ruleset, trace).map(({ rule }) => rule),
  );
  const finals = policies.flatMap(({ final: { rule, action } }) =>
    action === 'drop' || action === 'reject' ? [rule] : [],
  );
  return [...new Map([...onLo, ...finals].map((rule) => [citeRule(rule), rule])).values()];
};

/** What rose: counters on both sides are needed to say so. */
export const findRises = (
  rules: readonly RulePlace[],
  before: readonly (number | null)[],
  after: readonly (number | null)[],
): RuleRise[] =>
  rules.flatMap((rule, index) => {
    const [was, is] = [before[index] ?? null, after[index] ?? null];
    return was === null || is === null || is <= was ? [] : [{ rule, packets: is - was }];
  });

/** Told where no entry came: a silent log next to counters that rose is no silence. */
export const findCounted = (rises: readonly RuleRise[]): Finding | null =>
  rises.length === 0
    ? null
    : {
        id: 'counted-without-entry',
        severity: 'warning',
        title: 'Packets were stopped meanwhile, by the counters of these rules, though no entry came.',
        evidence: rises.map(({ rule, packets }) => `${count(packets, 'packet')} more than before: ${citeRule(rule)}`),
        advice: 'A counter does not say whose packets they were. Turn logging on and repeat it: then each has a line.',
        commands: [],
      };
