// Packets that a rule hands to a transparent proxy which is not there.

import { ruleAt } from '../../firewall/fix/place/find-stops.ts';
import type { Verdict } from '../../firewall/model/steps.ts';
import { citeRule } from '../../naming/rules.ts';
import type { Finding } from '../finding.ts';
import type { Inspection } from '../inspect/inspect.ts';

type Proxy = Extract<Verdict, { kind: 'proxy' }>;

/** A TPROXY rule that stops loopback, since no transparent socket waits at its port; null where there is none. */
export const findAbsentProxies = ({ ruleset, blockedTraces }: Inspection): Finding | null => {
  const rules = blockedTraces.flatMap(({ stoppedAt }) => (stoppedAt === null ? [] : [stoppedAt.rule]));
  const found = rules.flatMap((rule) => {
    const proxy = ruleAt(ruleset, rule)?.steps.flatMap((step): Proxy[] =>
      step.kind === 'verdict' && step.verdict.kind === 'proxy' ? [step.verdict] : [],
    )[0];
    return proxy === undefined ? [] : [[citeRule(rule), { rule, proxy }] as const];
  });
  const proxies = [...new Map(found).values()];
  if (proxies.length === 0) return null;
  return {
    id: 'proxy-without-socket',
    severity: 'problem',
    title: 'A rule hands packets to a transparent proxy that is not there: the kernel drops them.',
    evidence: proxies.flatMap(({ rule, proxy: { question } }) => [
      `${citeRule(rule)}: ${rule.text}`,
      `no transparent socket that would take them waits at port ${question.port ?? 'that they ask for'} (ss)`,
    ]),
    advice:
      'Start the proxy, with the option that makes its socket transparent, or leave lo out of the rule (! -i lo). A permit for loopback before the rule works too.',
    commands: [['ss', '-ltun', '--inet-sockopt']],
  };
};
