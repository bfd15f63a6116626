// An armed case is on the disk too: /run is gone with the power, and what was saved meanwhile (by an owner, by somebody else) is not.

import { isPrivate } from '../files/private-directory.ts';
import type { Host } from '../host.ts';
import { RECORD_ROOT } from '../trial/case-file.ts';
import { AT_BOOT_SCRIPT } from '../trial/rollback-scripts.ts';
import { installBootUnit, unitFiles } from './boot-unit.ts';

/** What is needed to take it back when nothing else of it is left. */
const NEEDED = ['case.json', 'roll-back', 'put-away', 'boot'];

/**
 * Writes it down, as a case that is lost unless a running one is found; has the next boot settle it, where systemd boots this server. Where the
 * disk can't be written, or the directory is not root's alone, the case lives without it.
 */
export async function rememberOnDisk(
  host: Host,
  { id, directory, isSystemds }: { id: string; directory: string; isSystemds: boolean },
): Promise<void> {
  const record = `${RECORD_ROOT}/${id}`;
  await host.run(['mkdir', '-p', '-m', '700', RECORD_ROOT, record]);
  if ((await isPrivate(host, [RECORD_ROOT, record])) !== 'yes') return;
  const files = NEEDED.map((name) => `${record}/${name}`);
  if (directory !== record) {
    const copied = await host.run(['cp', '-p', ...NEEDED.map((name) => `${directory}/${name}`), `${record}/`]);
    if (copied.code !== 0) return;
  }
  const script = await host.run(['tee', `${record}/at-boot`], { input: AT_BOOT_SCRIPT });
  if (script.code !== 0) return;
  await host.run(['sync', ...files, `${record}/at-boot`]);
  if (directory !== record) await host.run(['tee', `${record}/lost`], { input: '' });
  if (isSystemds) await installBootUnit(host, id, record);
  await host.run(['sync', record, RECORD_ROOT]);
}

/** For a case that was never armed. */
export async function forgetOnDisk(host: Host, id: string): Promise<void> {
  const record = `${RECORD_ROOT}/${id}`;
  const names = [...NEEDED, 'at-boot', 'lost'].map((name) => `${record}/${name}`);
  await host.run(['rm', '-f', ...names, ...unitFiles(id)]);
}
