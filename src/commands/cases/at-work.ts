// What may be done by one lo-doctor at a time, under a name that no other case has.
import type { Host } from '../../host/host.ts';
import { type Caller, takeServerLock } from '../../host/trial/server-lock.ts';
import type { Io } from '../io.ts';
import { needRoot } from '../need-root.ts';
import { claimCase, releaseCase } from './name-case.ts';

type AtWork = { readonly host: Host; readonly work: string; readonly caller: Caller; readonly io: Io };

const NEEDS_ROOT = 'Reading and changing firewall rules needs root.';

/** Does it with the server's lock. A HostError that says who is at it already, or that root is needed: then nothing was begun. */
export const atWork = async (
  { host, work, caller, io }: AtWork,
  run: (caseId: string) => Promise<number>,
): Promise<number> => {
  await needRoot(host, NEEDS_ROOT, ['To look around without root: lo-doctor practice']);
  const caseId = await claimCase(host, io.now());
  const lock = await takeServerLock(host, { caller, work: `${work}, case ${caseId}`, now: io.now() }).catch(
    async (error: unknown) => {
      await releaseCase(host, caseId);
      throw error;
    },
  );
  if (!lock.isLocked)
    io.stderr('Nothing on this server can lock (flock): see to it that nobody else fixes it meanwhile.\n');
  try {
    return await run(caseId);
  } finally {
    await releaseCase(host, caseId);
    lock.release();
  }
};
