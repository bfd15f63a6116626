// What earlier runs have left behind on a server: cases that nobody is at any more, and rules that belong to no living case.

import type { Host } from '../host.ts';
import { listCases, type StoredCase } from '../trial/case-file.ts';
import { takeLock } from '../trial/lock.ts';
import { isOverdue } from '../trial/trial.ts';
import { findTagged, type Tagged } from './find-tagged.ts';

/**
 * `overdue`: its time is up, and it is not taken back; `lost`: it was on trial when the server went down; `half-saved`: it was to be kept, and
 * whoever saved it is gone; `not-taken-back`: its rollback has not succeeded; `ownerless`: rules that bear its tag, without a case that they
 * belong to. `where` is where its rules stand, as far as they are in force or in files of the next boot.
 */
export type LeftOver = {
  readonly id: string;
  readonly kind: 'overdue' | 'lost' | 'half-saved' | 'not-taken-back' | 'ownerless';
  readonly where: readonly string[];
};

/** All of it, each case once, the oldest first; `strange`: what can't be trusted, in a line each. */
export async function findLeftOver(
  host: Host,
): Promise<{ readonly leftOver: readonly LeftOver[]; readonly strange: readonly string[] }> {
  const [tagged, { cases, strange }] = await Promise.all([findTagged(host), listCases(host)]);
  const isBeingSaved = cases.some(({ state }) => state === 'saving') ? await isSomebodySaving(host) : false;
  const found = cases.flatMap((one): LeftOver[] => {
    const kind = kindOf(one, isBeingSaved);
    return kind === null ? [] : [{ id: one.id, kind, where: placesOf(one.id, tagged) }];
  });
  const living = new Set(cases.filter(({ state }) => state !== 'rolled-back').map(({ id }) => id));
  const others = new Set(tagged.map(({ id }) => id).filter((id) => !living.has(id)));
  const ownerless = [...others].map((id): LeftOver => ({ id, kind: 'ownerless', where: placesOf(id, tagged) }));
  return { leftOver: [...found, ...ownerless], strange };
}

function placesOf(id: string, tagged: readonly Tagged[]): string[] {
  return tagged.filter((one) => one.id === id).map(({ where }) => where);
}

function kindOf(one: StoredCase, isBeingSaved: boolean): LeftOver['kind'] | null {
  switch (one.state) {
    case 'armed':
      return isOverdue(one) ? 'overdue' : null;
    case 'saving':
      return isBeingSaved ? null : 'half-saved';
    case 'lost':
      return 'lost';
    case 'rollback-failed':
      return 'not-taken-back';
    case 'rolling-back':
    case 'rolled-back':
    case 'confirmed':
      return null;
  }
}

/** Looked at once the lock was asked for: who holds it is at work on such a case. */
async function isSomebodySaving(host: Host): Promise<boolean> {
  const lock = await takeLock(host, 'settling', { patience: 0 });
  if (lock.kind === 'busy') return true;
  lock.release();
  return false;
}
