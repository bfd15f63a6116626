// After an undo: whether the files that the case had changed are what they were before it.

import { readBytes } from '../files/replace-file.ts';
import type { Host } from '../host.ts';
import { readSavedChanges } from '../next-boot/saved-changes.ts';

/** `isAsBefore`: byte for byte; else somebody else has changed the file too. `backup`: the file as it was, null where there was none. */
export type ComparedFile = { readonly path: string; readonly isAsBefore: boolean; readonly backup: string | null };

/** Each file that the case has changed, once; empty for a case that changed none. */
export async function compareWithBackups(host: Host, caseId: string): Promise<ComparedFile[]> {
  const files = new Map((await readSavedChanges(host, caseId)).map(({ path, backup }) => [path, backup]));
  return Promise.all(
    [...files].map(async ([path, backup]) => {
      const [now, before] = await Promise.all([
        readBytes(host, path),
        backup === null ? null : readBytes(host, backup),
      ]);
      return { path, backup, isAsBefore: now?.bytes === before?.bytes };
    }),
  );
}
