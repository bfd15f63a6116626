// The files that an owner of rules (ufw, firewalld) rewrites by itself when it is told one: copies of them from before and after.

import { readBytes } from '../files/replace-file.ts';
import { makeRecordDirectory, writeRecord } from '../files/write-record.ts';
import type { Host } from '../host.ts';
import { type PrepareChange, readSavedChanges } from '../next-boot/saved-changes.ts';

/** In the directory that remembers the case: a line a file, `AFTER BEFORE PATH`; BEFORE is `-` where there was no file. */
export const OWNERS_FILES = 'owners-files';

/** Backs the files up, in the case's book; to be called right before the owner's command. A HostError where that can't be done. */
export async function backUpOwnersFiles(host: Host, paths: readonly string[], prepare: PrepareChange): Promise<void> {
  for (const link of paths) {
    const found = await readBytes(host, link);
    await prepare({ kind: 'owner', path: found?.path ?? link }, found !== null);
  }
}

/** Copies the same files as the owner has left them: a rollback then sees whether somebody else has changed them since. */
export async function markOwnersFiles(host: Host, caseId: string): Promise<void> {
  const owned = (await readSavedChanges(host, caseId)).filter(({ kind }) => kind === 'owner');
  if (owned.length === 0) return;
  const directory = await makeRecordDirectory(host, caseId);
  const lines: string[] = [];
  for (const { path, backup } of owned) {
    const after = `${directory}/${path.slice(path.lastIndexOf('/') + 1)}.after`;
    const { code } = await host.run(['cp', '-p', path, after]);
    if (code === 0) lines.push(`${after} ${backup ?? '-'} ${path}\n`);
  }
  await writeRecord(host, caseId, OWNERS_FILES, lines.join(''));
}
