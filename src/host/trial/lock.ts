// Locks that are the kernel's: whoever holds one is alive, so there are no stale ones and no process number that means another process by now.
import type { Follow, Host } from '../host.ts';
import { makeRunningRoot } from '../left-over/running-root.ts';

/**
 * `server`: held by whoever diagnoses and fixes, from the beginning to the end. `settling`: held for the seconds in which a case is kept or
 * taken back; a case that nobody is at then, and that still is half kept, was left behind.
 */
export type LockName = 'server' | 'settling';

/** `unlocked`: this server has nothing that could lock. */
export type Held = { readonly kind: 'held' | 'unlocked'; readonly release: () => void };

/** `note` is what the holder had to say of itself; null where that can't be read. */
export type Busy = { readonly kind: 'busy'; readonly note: string | null };

const QUARTERS_OF_A_SECOND = 4;

/**
 * One process that has the file open, and that ends with lo-doctor, as all that is followed does: then the kernel lets go of the lock. The file
 * itself stays, and says nothing.
 */
const HOLD = `umask 077
exec 9>>"$0" || exit
command -v flock >/dev/null || exit
tries=$1
until flock -n 9; do
  [ $? = 1 ] || exit
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { echo busy; exit; }
  sleep 0.25 2>/dev/null || { sleep 1; tries=$((tries - 3)); }
done
printf '%s' "$2" >"$0"
echo held
exec sleep 2147483647`;

/** Takes the lock; waits so many seconds for its holder. `note` tells others who has it. */
export async function takeLock(
  host: Host,
  name: LockName,
  { note = '', patience }: { note?: string; patience: number },
): Promise<Held | Busy> {
  const path = `${await makeRunningRoot(host)}/.${name}.lock`;
  const tries = Math.max(1, Math.round(patience * QUARTERS_OF_A_SECOND));
  const follow = host.follow(['sh', '-c', HOLD, path, `${tries}`, note]);
  switch (await firstLine(follow)) {
    case 'held':
      return { kind: 'held', release: follow.stop };
    case 'busy': {
      follow.stop();
      const { code, stdout } = await host.run(['cat', path]);
      return { kind: 'busy', note: code === 0 ? stdout : null };
    }
    default:
      follow.stop();
      return { kind: 'unlocked', release: () => {} };
  }
}

async function firstLine({ lines }: Follow): Promise<string | null> {
  // What is followed keeps no process alive, and nothing else may be going on yet.
  const alive = setInterval(() => {}, 1000);
  try {
    const { done, value } = await lines[Symbol.asyncIterator]().next();
    return done === true ? null : value;
  } finally {
    clearInterval(alive);
  }
}

/** Does something that two must not do at once. Goes on without the lock where its holder does not end: what follows is decided by a rename. */
export async function whileSettling<T>(host: Host, work: () => Promise<T>): Promise<T> {
  const lock = await takeLock(host, 'settling', { patience: 60 });
  try {
    return await work();
  } finally {
    if (lock.kind !== 'busy') lock.release();
  }
}
