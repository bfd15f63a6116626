// The ways to run a command as another user: whichever of the programs is there.
import type { Host } from './host.ts';
import { readUsers } from './limits/read-users.ts';

/** `user`: the name; null where it is not known. `prefixes`: what goes before a command so that it runs as the user, best first. */
export type WaysToBe = { readonly user: string | null; readonly prefixes: readonly (readonly string[])[] };

/** What su hands to a shell: the command's words as they are. */
const WORDS_AS_THEY_ARE = 'exec "$@"';

/** How to run as the user; `gid` null: with the group of the user's own. */
export async function waysToBe(host: Host, { uid, gid }: { uid: number; gid: number | null }): Promise<WaysToBe> {
  const [user] = await readUsers(host, [uid]);
  const group = gid ?? user?.gid ?? null;
  const regid = group === null ? [] : ['--regid', `${group}`];
  const setpriv = ['setpriv', '--reuid', `${uid}`, ...regid, '--clear-groups'];
  // runuser and su know users by name, with their own group; a leading dash would be an option.
  if (user === undefined || group !== user.gid || !/^\w[\w.-]*$/.test(user.name))
    return { user: user?.name ?? null, prefixes: [setpriv] };
  const runuser = ['runuser', '-u', user.name, '--'];
  const su = ['su', '-s', '/bin/sh', '-c', WORDS_AS_THEY_ARE, '--', user.name, 'sh'];
  return { user: user.name, prefixes: [setpriv, runuser, su] };
}

/** One of these programs says itself that it could not: nothing was tried. */
export const COULD_NOT_BE = /^(setpriv|runuser|su): /m;
