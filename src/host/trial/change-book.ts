// The book of a case's changes to files: each file is backed up beside the case, and the change written down, before it is made.

import { makeRecordDirectory } from '../files/write-record.ts';
import { type Host, HostError } from '../host.ts';
import {
  type PrepareChange,
  readSavedChanges,
  type SavedChange,
  writeSavedChanges,
} from '../next-boot/saved-changes.ts';

/** `backups`: all that the case has made so far, by this process or an earlier one. */
export type ChangeBook = { readonly prepare: PrepareChange; readonly backups: () => readonly string[] };

/** Opens the book where it was left. */
export async function openChangeBook(host: Host, caseId: string): Promise<ChangeBook> {
  const changes: SavedChange[] = [...(await readSavedChanges(host, caseId))];
  const backups = () => [...new Set(changes.flatMap(({ backup }) => backup ?? []))];
  const prepare: PrepareChange = async (change, isThere) => {
    const earlier = changes.find(({ path }) => path === change.path);
    const backup = earlier?.backup ?? (isThere && !earlier ? await backUp(host, caseId, change.path, backups()) : null);
    changes.push({ ...change, backup });
    await writeSavedChanges(host, caseId, changes);
  };
  return { prepare, backups };
}

async function backUp(host: Host, caseId: string, path: string, others: readonly string[]): Promise<string> {
  const directory = await makeRecordDirectory(host, caseId);
  const name = `${path.slice(path.lastIndexOf('/') + 1)}.before`;
  const isTaken = others.includes(`${directory}/${name}`);
  const backup = `${directory}/${isTaken ? `${others.length + 1}-` : ''}${name}`;
  const { code, stderr } = await host.run(['cp', '-p', path, backup]);
  if (code === 0) return backup;
  throw new HostError(`${path} could not be backed up, so nothing was saved there: ${stderr.trim()}`);
}
