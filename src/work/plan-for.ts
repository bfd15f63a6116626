// The plan of a fix by what a server has in force, made by whoever looks after its rules.
import type { Inspection } from '../diagnosis/inspect/inspect.ts';
import type { Conversation } from '../firewall/conversation/trace.ts';
import { wayToLast } from '../firewall/fix/place/generated-policies.ts';
import type { Choice, FixPlan } from '../firewall/fix/plan.ts';
import { planFixBesideLogging } from '../firewall/fix/plan-fix-beside-logging.ts';

/** As planFixBesideLogging, with all that the inspection knows of the server. */
export const planFor = (
  { ruleset, surroundings, iptables, lock, owners, ownerFacts, probes }: Inspection,
  caseId: string,
  failing: readonly Conversation[],
  choice: Choice,
): FixPlan => {
  const manager = owners.find(({ part, status }) => part === 'policy' && status === 'active')?.name ?? 'none';
  const generators = owners.filter(({ name, status }) => status === 'active' && wayToLast(name) !== null);
  const directRules = ownerFacts?.directRules ?? [];
  const options = { caseId, iptables, lock, manager, generators, directRules, probes };
  return planFixBesideLogging(ruleset, surroundings, failing, choice, options);
};
