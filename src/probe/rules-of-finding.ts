// The rules that a finding is about.

import type { Finding } from '../diagnosis/finding.ts';
import { type Inspection, LOOPBACK_KINDS } from '../diagnosis/inspect/inspect.ts';
import type { RulePlace } from '../firewall/conversation/trace.ts';
import { nameRule } from '../naming/rules.ts';

/** Each once, those of the most telling conversations first; none where the finding is about no rule. */
export const rulesOfFinding = ({ id }: Finding, inspection: Inspection): RulePlace[] => {
  const { blockedTraces, loggingPlan, loopback, ping, policies } = inspection;
  switch (id) {
    case 'loopback-blocked':
    case 'loopback-partly':
      return once(blockedTraces.flatMap(({ stoppedAt }) => stoppedAt?.rule ?? []));
    case 'loopback-ping-blocked':
      return once([ping.trace?.stoppedAt?.rule ?? []].flat());
    case 'loopback-unknown':
      return once(LOOPBACK_KINDS.flatMap((kind) => loopback[kind].trace?.unknown ?? []).map(({ rule }) => rule));
    case 'drops-not-logged':
      return once(
        (loggingPlan?.changes ?? []).filter(({ traffic }) => traffic === 'loopback').map(({ reports }) => reports),
      );
    case 'log-after-drop':
      return once(policies.flatMap(({ final: { logs, logger } }) => (logs === 'unreachable' ? (logger ?? []) : [])));
    // Its evidence names what it is about, in words.
    default:
      return [];
  }
};

const once = (rules: readonly RulePlace[]): RulePlace[] => [
  ...new Map(rules.map((rule) => [nameRule(rule), rule])).values(),
];
