// Files that belong to a case and are kept on the server: its report, backups of what it changed.

import { type Command, type Host, HostError } from '../host.ts';
import { checkedId, RECORD_ROOT } from '../trial/case-file.ts';

/** What a file is called until it is whole. Nobody reads it then, and the next start clears it away. */
export const UNFINISHED = '.unfinished';

/**
 * Writes a file into the directory that remembers the case (private to root); returns its path. Whoever is killed meanwhile, by a power cut
 * too, leaves the file as it was.
 */
export async function writeRecord(host: Host, caseId: string, name: string, text: string): Promise<string> {
  const path = `${await makeRecordDirectory(host, caseId)}/${name}`;
  await writeAtOnce(host, path, text);
  return path;
}

/** Writes a file beside its place, has the disk take it, and puts it there in one step. */
export async function writeAtOnce(host: Host, path: string, text: string): Promise<void> {
  const unfinished = `${path}${UNFINISHED}`;
  const must = async (command: Command, input?: string) => {
    const { code, stderr } = await host.run(command, { input });
    if (code !== 0) throw new HostError(`${path} could not be written: ${stderr.trim()}`, { command });
  };
  await must(['tee', unfinished], text);
  await syncToDisk(host, unfinished);
  await must(['mv', '-f', unfinished, path]);
}

/** As far as the tools of the server can: an old `sync` knows no files. */
async function syncToDisk(host: Host, path: string): Promise<void> {
  if ((await host.run(['sync', path])).code !== 0) await host.run(['sync']);
}

/** The directory that remembers the case, made when it is missing. */
export async function makeRecordDirectory(host: Host, caseId: string): Promise<string> {
  const directory = `${RECORD_ROOT}/${checkedId(caseId)}`;
  const { code, stderr } = await host.run(['mkdir', '-p', '-m', '700', RECORD_ROOT, directory]);
  if (code === 0) return directory;
  throw new HostError(`${directory} could not be made: ${stderr.trim()}`, {
    nextSteps: [`See whether ${RECORD_ROOT} can be written: a full disk, or a read-only one.`],
  });
}

/** Makes the directory as its first: of two that want it, the kernel lets one have it. `impossible`: nothing can be made there at all. */
export async function claimRecordDirectory(host: Host, caseId: string): Promise<'made' | 'taken' | 'impossible'> {
  const directory = `${RECORD_ROOT}/${checkedId(caseId)}`;
  await host.run(['mkdir', '-p', '-m', '700', RECORD_ROOT]);
  if ((await host.run(['mkdir', '-m', '700', directory])).code === 0) return 'made';
  return (await host.run(['test', '-e', directory])).code === 0 ? 'taken' : 'impossible';
}

/** A file that belongs to a case; null where there is none. */
export async function readRecord(host: Host, caseId: string, name: string): Promise<string | null> {
  const { code, stdout } = await host.run(['cat', `${RECORD_ROOT}/${checkedId(caseId)}/${name}`]);
  return code === 0 ? stdout : null;
}
