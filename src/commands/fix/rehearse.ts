// `lo-doctor fix --rehearse`: does the rollback work on this server? Tried on a rule that does nothing.

import type { Inspection } from '../../diagnosis/inspect/inspect.ts';
import type { Choice } from '../../firewall/fix/plan.ts';
import { type Rehearsal, type RehearsalPlan, rehearseAnywhere } from '../../firewall/fix/rehearse-permits.ts';
import type { Host } from '../../host/host.ts';
import { rehearseRollback } from '../../host/trial/rehearse-rollback.ts';
import { EXIT } from '../../options/exit-codes.ts';
import { text } from '../../words/page.ts';
import { tellRehearsal } from '../../words/rehearsal.ts';
import { inspectForNow } from '../../work/inspect-server.ts';
import { planFor } from '../../work/plan-for.ts';
import { diagnosisOf, findFailing } from '../../work/what-fails.ts';
import type { Io } from '../io.ts';
import { needRoot } from '../need-root.ts';
import { printBlocks } from '../print-blocks.ts';

export type RehearseParts = { readonly host: Host; readonly caseId: string; readonly io: Io };

const EXIT_CODES = {
  works: EXIT.done,
  stayed: EXIT.couldNot,
  'never-seen': EXIT.cantTell,
  'nothing-to-rehearse': EXIT.cantTell,
} as const;

/** The very rules of the fix; where there is nothing to fix, a rule in the first chain that a fix could go into. */
const planRehearsal = (inspection: Inspection, choice: Choice, caseId: string): RehearsalPlan | null => {
  const blocked = diagnosisOf(inspection, findFailing(inspection, choice)).blocked;
  const failing = blocked.map(({ conversation }) => conversation);
  const { rehearsal } = planFor(inspection, caseId, failing, choice);
  if (rehearsal.apply.length > 0) return rehearsal;
  return rehearseAnywhere(inspection.ruleset, { caseId, iptables: inspection.iptables, lock: inspection.lock });
};

/** The document of `fix --rehearse --json` (schema lo-doctor.rehearsal/1). */
const document = (plan: RehearsalPlan | null, rehearsal: Rehearsal | null) => ({
  schema: 'lo-doctor.rehearsal/1',
  case: plan?.caseId ?? null,
  result: rehearsal?.outcome ?? 'nothing-to-rehearse',
  armedBy: rehearsal?.armedBy ?? null,
  wait: rehearsal?.wait ?? null,
  seconds: rehearsal?.seconds ?? null,
  listings: rehearsal?.listings ?? [],
  log: rehearsal?.log ?? [],
  commands: plan?.apply ?? [],
  undo: plan?.undo ?? [],
});

/** Rehearses; resolves to the exit code. Rejects with a HostError where nothing could be armed or put in. */
export const runRehearsal = async (
  choice: Choice,
  json: boolean,
  { host, caseId, io }: RehearseParts,
): Promise<number> => {
  await needRoot(host, 'Rehearsing a rollback needs root: it puts a rule in, and looks that it goes.');
  const plan = planRehearsal(await inspectForNow(host, caseId), choice, caseId);
  const rehearsal = plan === null ? null : await rehearseRollback(host, plan);
  const blocks =
    rehearsal === null
      ? [text('There is no chain here that a fix could go into, so nothing was rehearsed.')]
      : tellRehearsal(rehearsal);
  io.stdout(json ? `${JSON.stringify(document(plan, rehearsal))}\n` : printBlocks(blocks, io));
  return EXIT_CODES[rehearsal?.outcome ?? 'nothing-to-rehearse'];
};
