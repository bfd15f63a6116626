// Who the users are that numbers stand for.
import type { Host } from '../host.ts';

/** A user of the server's: the name, and the group of what the user starts. */
export type SystemUser = { readonly uid: number; readonly name: string; readonly gid: number };

/** The users with these numbers, by `getent`; those that it does not know, or all where there is no such tool, are left out. */
export async function readUsers(host: Host, uids: readonly number[]): Promise<SystemUser[]> {
  if (uids.length === 0) return [];
  const { stdout } = await host.run(['getent', 'passwd', ...uids.map(String)]);
  return stdout
    .split('\n')
    .flatMap(parsePasswdLine)
    .filter(({ uid }) => uids.includes(uid));
}

/** `www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin` */
function parsePasswdLine(line: string): SystemUser[] {
  const [name = '', , uid = '', gid = ''] = line.trim().split(':');
  return /^\d+$/.test(uid) && /^\d+$/.test(gid) && name !== '' ? [{ uid: Number(uid), name, gid: Number(gid) }] : [];
}
