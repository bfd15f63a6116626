// What earlier runs have left behind: settled by whoever begins work, named by whoever only looks.

import { type Host, HostError } from '../../host/host.ts';
import { clearUnfinished } from '../../host/left-over/clear-unfinished.ts';
import { findLeftOver } from '../../host/left-over/find-left-over.ts';
import { undoSaveForBoot } from '../../host/next-boot/save-for-boot.ts';
import { readSavedChanges } from '../../host/next-boot/saved-changes.ts';
import { listCases } from '../../host/trial/case-file.ts';
import { rollBackOverdue, saveCase } from '../../host/trial/trial.ts';
import type { SavedForBoot } from '../../wizard/state.ts';
import { readPlanRecord } from '../../work/next-boot/plan-record.ts';
import { savePlan } from '../../work/next-boot/save-plan.ts';
import { tellLeftOver } from './tell-left-over.ts';

/** Completes a case that was to be kept: what was saved of it is taken out again and saved anew. */
export const completeSaving = (host: Host, id: string) =>
  saveCase<SavedForBoot>(host, id, async () => {
    const plan = await readPlanRecord(host, id);
    await undoSaveForBoot(host, id);
    return savePlan(host, id, plan);
  });

/** Settles all that silence would have settled, and names the rest. To be called with the server's lock. */
export const settleLeftOver = async (host: Host, tell: (line: string) => void): Promise<void> => {
  const before = await findLeftOver(host);
  for (const id of await rollBackOverdue(host)) tell(`Case ${id} was left behind and has been rolled back.`);
  for (const { id, kind } of before.leftOver)
    if (kind === 'half-saved')
      await completeSaving(host, id).then(
        ({ end }) =>
          end === 'confirmed' && tell(`Case ${id} was to be kept, and saving it was interrupted: it is saved now.`),
        (error: unknown) => {
          if (!(error instanceof HostError)) throw error;
          tell(`Case ${id} could not be saved completely: ${error.message}`);
        },
      );
  const { cases } = await listCases(host);
  const paths = await Promise.all(cases.map(({ id }) => readSavedChanges(host, id).catch(() => [])));
  await clearUnfinished(
    host,
    paths.flat().map(({ path }) => path),
  );
  const { leftOver, strange } = before.leftOver.length === 0 ? before : await findLeftOver(host);
  for (const line of strange) tell(line);
  for (const one of leftOver) tell(tellLeftOver(one));
  const waiting = cases.filter(({ kind, state }) => kind === 'trial' && state === 'armed');
  for (const { id, secondsLeft } of waiting)
    tell(`A fix waits ${Math.round(secondsLeft ?? 0)} s more to be kept: lo-doctor confirm ${id}`);
};
