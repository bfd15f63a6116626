// The permits of a fix as firewalld's direct rules, which it keeps apart from its zones and policies and hands to iptables.
import { chainAt } from '../fix/apply-change.ts';
import type { WantedPermit } from '../fix/find-permits.ts';
import type { ChainPlace } from '../fix/plan.ts';
import type { Ruleset } from '../model.ts';
import type { DirectRule } from './direct-rule.ts';

/** Direct rules stand in a chain by priority, usually 0 or more: this or less comes before all of them. */
const PRIORITY = -100;

/**
 * The same permits with those in iptables' built-in chains as direct rules, first in their chain. firewalld's own policies in nftables let
 * loopback through by themselves: what is stopped there, or in other tables, is not its business and stays as it is.
 */
export function restateInFirewalld(
  ruleset: Ruleset,
  permits: readonly WantedPermit[],
  directRules: readonly DirectRule[],
): WantedPermit[] {
  return permits.map((permit) => {
    const { place, written } = permit;
    if (written.source.layer !== 'iptables' || chainAt(ruleset, place).chain.base === null) return permit;
    const others = directRules.filter((rule) => isIn(place, rule));
    // What puts itself first comes before all direct rules when firewalld makes them anew.
    if (others.some(({ isFirst }) => isFirst)) return permit;
    const priority = Math.min(PRIORITY, ...others.map((rule) => (rule.priority ?? 0) - 1));
    const ipv = place.family === 'ip6' ? 'ipv6' : 'ipv4';
    const words = [ipv, place.table, place.chain, `${priority}`, ...written.source.words];
    return {
      ...permit,
      at: 1,
      written: { ...written, source: { layer: 'firewalld', words } },
      reason:
        "As a direct rule of firewalld's, first in its chain by its priority, so that firewalld shows and keeps it.",
    };
  });
}

function isIn({ family, table, chain }: ChainPlace, rule: DirectRule): boolean {
  return rule.family === family && rule.table === table && rule.chain === chain;
}
