// What lo-doctor keeps on a server is input like anything else, unless nobody but root can have written it.
import type { Host } from '../host.ts';

/**
 * Whether only this user can have put there what is there: directories of mode 0700 and plain files, all of them this user's, none a link.
 * `directories` begins with the outermost; what lies above it is the system's. `gone`: one of them is not there (any more).
 */
export async function isPrivate(
  host: Host,
  directories: readonly [string, ...string[]],
  files: readonly string[] = [],
): Promise<'yes' | 'no' | 'gone'> {
  const [found, user] = await Promise.all([
    host.run(['stat', '-c', '%F %u %a', ...directories, ...files]),
    host.run(['id', '-u']),
  ]);
  if (found.code !== 0) return 'gone';
  const owner = user.stdout.trim();
  const isPlain = new RegExp(`^regular (?:empty )?file ${owner} `);
  const isOurs = (line: string, at: number) =>
    at < directories.length ? line === `directory ${owner} 700` : isPlain.test(line);
  const lines = found.stdout.trimEnd().split('\n');
  return lines.length === directories.length + files.length && lines.every(isOurs) ? 'yes' : 'no';
}
