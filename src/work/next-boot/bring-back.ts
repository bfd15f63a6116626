// A fix that was ended while it waited to be kept: whoever loads the firewall anew drops what its files don't have yet.

import { inspect } from '../../diagnosis/inspect/inspect.ts';
import { traceConversation } from '../../firewall/conversation/trace-conversation.ts';
import type { FixPlan } from '../../firewall/fix/plan.ts';
import { holdsRulesOf } from '../../firewall/fix/rule/holds-rules-of.ts';
import { isLetThrough } from '../../firewall/questions/is-let-through.ts';
import type { Host } from '../../host/host.ts';
import { planFor } from '../plan-for.ts';
import { readServer } from '../read-server.ts';

const BACK =
  'The firewall was loaded anew after the fix had been applied, which had ended it. It was put in force again.';
const GONE =
  'What the fix had repaired is stopped again: the firewall was changed after it had been applied. Run lo-doctor once more.';

/**
 * Puts the fix in force again where it is gone as a whole and where it can be made as before, so that its undo still is the right one.
 * Returns what to tell; nothing where the fix does what it did. A HostError where the rules can't be read.
 */
export const bringBack = async (
  host: Host,
  caseId: string,
  { choice, repaired, undo }: Pick<FixPlan, 'choice' | 'repaired' | 'undo'>,
): Promise<string[]> => {
  const inspection = inspect(await readServer(host), caseId);
  const { ruleset, surroundings } = inspection;
  if (repaired.every((one) => isLetThrough(traceConversation(ruleset, one, surroundings)))) return [];
  if (holdsRulesOf(ruleset, caseId)) return [GONE];
  const again = planFor(inspection, caseId, repaired, choice);
  const known = new Set(undo.map((one) => JSON.stringify(one)));
  if (again.changes.length === 0 || !again.undo.every((one) => known.has(JSON.stringify(one)))) return [GONE];
  for (const { command, input } of again.apply) {
    const { code, stderr } = await host.run(command, { input });
    if (code !== 0) return [`${GONE} (${command.join(' ')}: ${stderr.trim()})`];
  }
  return [BACK];
};
