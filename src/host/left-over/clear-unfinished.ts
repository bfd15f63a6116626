// Files that lo-doctor had begun to write when it was killed: whole ones have other names, so nobody needs these.

import { TEMPORARY } from '../files/replace-file.ts';
import { UNFINISHED } from '../files/write-record.ts';
import type { Host } from '../host.ts';
import { BOOT_FILES } from '../next-boot/boot-files.ts';
import { RECORD_ROOT } from '../trial/case-file.ts';

/** Removes them; `paths` are files that cases have changed, beside the usual ones of a boot. To be called when nobody else is at work. */
export async function clearUnfinished(host: Host, paths: readonly string[]): Promise<void> {
  const beside = [...new Set([...BOOT_FILES, ...paths])].map((path) => `${path}${TEMPORARY}`);
  await Promise.all([
    host.run(['rm', '-f', ...beside]),
    host.run(['find', RECORD_ROOT, '-xdev', '-type', 'f', '-name', `*${UNFINISHED}`, '-delete']),
  ]);
}
