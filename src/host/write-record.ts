// Files that belong to a case and are kept on the server: its report, backups of what it changed.
import { checkedId, RECORD_ROOT } from './case-file.ts';
import { type Host, HostError } from './host.ts';

/** Writes a file into the directory that remembers the case (private to root); returns its path. */
export async function writeRecord(host: Host, caseId: string, name: string, text: string): Promise<string> {
  const path = `${await makeRecordDirectory(host, caseId)}/${name}`;
  const { code, stderr } = await host.run(['tee', path], { input: text });
  if (code !== 0) throw new HostError(`${path} could not be written: ${stderr.trim()}`, { command: ['tee', path] });
  return path;
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

/** A file that belongs to a case; null where there is none. */
export async function readRecord(host: Host, caseId: string, name: string): Promise<string | null> {
  const { code, stdout } = await host.run(['cat', `${RECORD_ROOT}/${checkedId(caseId)}/${name}`]);
  return code === 0 ? stdout : null;
}
