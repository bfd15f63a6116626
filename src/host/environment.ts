// What the programs that lo-doctor runs are given of an environment: nothing of the caller's, who may not be root.
import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Where root's login looks, in its order; the last is where NixOS has all programs. */
const DIRECTORIES = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/run/current-system/sw/bin',
];

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/** Whether only root can put something into the directory, or another one in its place. In a user namespace, root's files are those of whoever has `/`. */
export function isRootsAlone(directory: string): boolean {
  try {
    const owners = [0, statSync('/').uid];
    const last = realpathSync(directory);
    const isOwned = (path: string): boolean => {
      const { uid, mode } = statSync(path);
      const isGuarded = path !== last && (mode & STICKY) !== 0;
      return owners.includes(uid) && ((mode & WRITABLE_BY_OTHERS) === 0 || isGuarded);
    };
    return withParents(last).every(isOwned);
  } catch {
    return false;
  }
}

function withParents(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...withParents(parent)];
}

/** PATH for all that is run: the system's directories that are root's alone. Never empty: then it would mean the directory one is in. */
export const SYSTEM_PATH = DIRECTORIES.filter(isRootsAlone).join(':') || '/usr/sbin:/usr/bin:/sbin:/bin';

/** The whole environment of every program but the user's own: English words, and no directory that could be anybody's home. */
export const SYSTEM_ENVIRONMENT = { PATH: SYSTEM_PATH, LC_ALL: 'C', HOME: '/' } as const;

/** For the user's own command: their environment as it is, but for the language that its words are understood in. */
export const usersEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: SYSTEM_PATH,
  ...process.env,
  LC_ALL: 'C',
});
