// How the owner of rules that drop without a line in the log would log that for good, in its own words.
import type { RulePlace } from '../../firewall/conversation/trace.ts';
import { isUfwChain, ufwFileOf } from '../../firewall/ufw/ufw-rule.ts';
import type { RuleOwner } from '../owners/find-owners.ts';

/** One sentence for each way, for the rules of owners that are at work; empty where nobody known looks after them. */
export const adviseLogging = (owners: readonly RuleOwner[], silent: readonly RulePlace[]): string[] => {
  const isActive = (program: string) => owners.some(({ name, status }) => name === program && status === 'active');
  const ways = silent.flatMap((rule): string[] => {
    if (isActive('ufw') && rule.layer === 'iptables' && isUfwChain(rule.chain)) return [adviseUfw(rule)];
    return isActive('firewalld') && rule.layer === 'iptables' ? [FIREWALLD] : [];
  });
  return [...new Set(ways)];
};

/** Measured with ufw 0.36.2: its levels log by rules of their own before and behind all others, and see no single rule. */
const adviseUfw = ({ chain, number }: RulePlace): string => {
  if (number === 0)
    return 'To have ufw log what its defaults drop, for good: "ufw logging low" (at most 3 lines a minute) or "ufw logging high" (every drop).';
  const file = ufwFileOf(chain);
  return file === null
    ? '"ufw logging" does not log what a single rule drops. To have that for good, give the rule itself "log" (ufw deny out log 25/tcp).'
    : `"ufw logging" does not log what a rule in its files drops. To have that for good, put the same rule with "-j LOG" before it in ${file}.`;
};

/** Measured with firewalld 1.3.3. */
const FIREWALLD =
  '"firewall-cmd --set-log-denied=all" logs what zones and policies deny, not what direct rules drop. To have that for good, add a direct rule with "-j LOG" and a lower priority.';
