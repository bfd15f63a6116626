// A fix that another process keeps: waits until that has saved it, and tells what it has saved.

import type { Host } from '../host/host.ts';
import { readSavedChanges } from '../host/next-boot/saved-changes.ts';
import { readCase } from '../host/trial/case-file.ts';
import type { SavedForBoot } from '../wizard/state.ts';

const PATIENCE = 120_000;

/** The files that were changed, by the book of the case. What the other process has proved of the next boot, it has told there. */
export const savedElsewhere = async (host: Host, caseId: string): Promise<SavedForBoot> => {
  const until = performance.now() + PATIENCE;
  while ((await readCase(host, caseId))?.state === 'saving' && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 250));
  const changes = await readSavedChanges(host, caseId);
  const isSaved = (await readCase(host, caseId))?.state === 'confirmed';
  return {
    files: isSaved ? [...new Set(changes.map(({ path }) => path))] : [],
    backups: [...new Set(changes.flatMap(({ backup }) => backup ?? []))],
    nextBoot: 'unknown',
    proof: null,
    advice: [
      isSaved
        ? 'Another lo-doctor has kept and saved this fix; it has told what it proved of the next boot.'
        : `Another lo-doctor has kept this fix and has not ended saving it: lo-doctor confirm ${caseId} completes that.`,
    ],
  };
};
