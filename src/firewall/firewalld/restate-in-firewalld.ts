// The permits of a fix as firewalld's direct rules, which it keeps apart from its zones and policies and hands to iptables.

import type { WantedPermit } from '../fix/place/find-permits.ts';
import type { ChainPlace } from '../fix/plan.ts';
import { chainAt } from '../fix/rule/apply-change.ts';
import { iptablesText } from '../fix/rule/iptables-rule.ts';
import type { Ruleset } from '../model/model.ts';
import type { DirectRule } from './direct-rule.ts';

const DIRECT = /^([A-Z]+)_direct$/;

/** Direct rules stand in a chain by priority, usually 0 or more: this or less comes before all of them. */
const PRIORITY = -100;

/**
 * The same permits with those in iptables' built-in chains, or among direct rules, as direct rules, first of all. firewalld's own policies let
 * loopback through by themselves: what is stopped there, or in other tables, is not its business and stays as it is. Whether a direct rule has
 * its effect is for the caller to try.
 */
export function restateInFirewalld(
  ruleset: Ruleset,
  permits: readonly WantedPermit[],
  directRules: readonly DirectRule[],
): WantedPermit[] {
  return permits.map((permit) => {
    const { place, written } = permit;
    const { table, chain } = chainAt(ruleset, place);
    const builtin = chain.base === null ? DIRECT.exec(chain.name)?.[1] : chain.name;
    if (written.source.layer !== 'iptables' || builtin === undefined) return permit;
    const others = directRules.filter((rule) => isIn({ ...place, chain: builtin }, rule));
    // What puts itself first comes before all direct rules when firewalld makes them anew.
    if (others.some(({ isFirst }) => isFirst)) return permit;
    const priority = Math.min(
      PRIORITY,
      ...others.flatMap((rule) => (rule.priority === null ? [] : [rule.priority - 1])),
    );
    const ipv = place.family === 'ip6' ? 'ipv6' : 'ipv4';
    const words = [ipv, place.table, builtin, `${priority}`, ...written.source.words];
    // With iptables as its backend, firewalld gives direct rules a chain of their own.
    const own = table.chains.has(`${builtin}_direct`) ? `${builtin}_direct` : builtin;
    const text = iptablesText(own, written.source.words);
    return {
      ...permit,
      place: { ...place, chain: own },
      at: 1,
      stoppers: [],
      written: { rule: { ...written.rule, text }, source: { layer: 'firewalld', words } },
      reason:
        "As a direct rule of firewalld's, first in its chain by its priority, so that firewalld shows and keeps it.",
    };
  });
}

function isIn({ family, table, chain }: ChainPlace, rule: DirectRule): boolean {
  return rule.family === family && rule.table === table && rule.chain === chain;
}
