// Packets that a rule hands to a queue which no program reads.

import type { RulePlace } from '../../firewall/conversation/trace.ts';
import { ruleAt } from '../../firewall/fix/place/find-stops.ts';
import type { Verdict } from '../../firewall/model/steps.ts';
import { citeRule } from '../../naming/rules.ts';
import type { Finding } from '../finding.ts';
import type { Inspection } from '../inspect/inspect.ts';

type Queue = Extract<Verdict, { kind: 'queue' }>;

/** A rule that stops loopback by handing it to nobody; null where there is none. */
export const findUnreadQueues = ({ ruleset, blockedTraces }: Inspection): Finding | null => {
  const rules = blockedTraces.flatMap(({ stoppedAt }) => (stoppedAt === null ? [] : [stoppedAt.rule]));
  const found = rules.flatMap((rule) => {
    const queue = ruleAt(ruleset, rule)?.steps.flatMap((step) =>
      step.kind === 'verdict' && step.verdict.kind === 'queue' ? [step.verdict] : [],
    )[0];
    return queue === undefined ? [] : [[citeRule(rule), { rule, queue }] as const];
  });
  const queues = [...new Map(found).values()];
  const [first] = queues;
  if (first === undefined) return null;
  return {
    id: 'queue-without-reader',
    severity: 'problem',
    title: `No program reads ${nameQueue(first.queue)}, to which a rule hands packets: the kernel drops them.`,
    evidence: queues.flatMap(({ rule, queue }) => [
      `${citeRule(rule)}: ${rule.text}`,
      `/proc/net/netfilter/nfnetlink_queue has no line for ${nameQueue(queue)}, and the rule has no bypass`,
    ]),
    advice: `Start the program that is to read it (an intrusion prevention such as Suricata, say), or let the kernel accept what nobody reads: ${wayAround(first.rule)}. A permit for loopback before the rule works too.`,
    commands: [],
  };
};

const nameQueue = ({ queue }: Queue): string =>
  /^\d+$/.test(queue) ? `queue ${queue}` : `the queues ${queue.replace(':', '-')}`;

const wayAround = ({ layer }: RulePlace): string =>
  layer === 'iptables' ? 'add --queue-bypass to the rule' : 'add "flags bypass" to the rule';
