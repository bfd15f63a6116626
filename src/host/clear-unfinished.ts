// Files that lo-doctor had begun to write when it was killed: whole ones have other names, so nobody needs these.
import { BOOT_FILES } from './boot-files.ts';
import { RECORD_ROOT } from './case-file.ts';
import type { Host } from './host.ts';
import { TEMPORARY } from './replace-file.ts';
import { UNFINISHED } from './write-record.ts';

/** Removes them; `paths` are files that cases have changed, beside the usual ones of a boot. To be called when nobody else is at work. */
export async function clearUnfinished(host: Host, paths: readonly string[]): Promise<void> {
  const beside = [...new Set([...BOOT_FILES, ...paths])].map((path) => `${path}${TEMPORARY}`);
  await Promise.all([
    host.run(['rm', '-f', ...beside]),
    host.run(['find', RECORD_ROOT, '-xdev', '-type', 'f', '-name', `*${UNFINISHED}`, '-delete']),
  ]);
}
