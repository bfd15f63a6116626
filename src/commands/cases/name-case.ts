// Names a case.

import { claimRecordDirectory } from '../../host/files/write-record.ts';
import type { Host } from '../../host/host.ts';
import { RECORD_ROOT, RUNNING_ROOTS } from '../../host/trial/case-file.ts';

/** A case's name: the time, and enough chance that two of a minute seldom agree. Fits into a log prefix and a rule's comment. */
export const nameCase = (now: Date, chance = Math.random): string => {
  const time = now.toISOString().replace(/\D/g, '').slice(4, 12);
  return `${time}${Math.floor(chance() * 36 ** 2)
    .toString(36)
    .padStart(2, '0')}`;
};

const MOST_TRIES = 200;

/**
 * A name that no other case of this server has, had, or can get: its directory is made, which the kernel lets only one process do. Where
 * nothing can be made there (a disk that is read-only), a name that nobody has now.
 */
export const claimCase = async (host: Host, now: Date, chance = Math.random): Promise<string> => {
  let id = nameCase(now, chance);
  for (let tries = 0; tries < MOST_TRIES; tries += 1, id = nameCase(now, chance)) {
    const isRunning = (await host.run(['test', '-e', `${RUNNING_ROOTS[0]}/${id}`])).code === 0;
    if (!isRunning && (await claimRecordDirectory(host, id)) !== 'taken') return id;
  }
  return id;
};

/** Gives the name back where nothing was written under it. */
export const releaseCase = async (host: Host, id: string): Promise<void> => {
  await host.run(['rmdir', `${RECORD_ROOT}/${id}`]);
};
