// Files changed byte for byte, and at once: whoever reads meanwhile sees the old file or the new one, never a part.
import { type Command, type Host, HostError } from '../host.ts';

/**
 * The file's bytes, one a character (Latin-1), so that text in any encoding comes back as it was; null where it can't be read.
 * A link is followed: `path` is the file itself.
 */
export async function readBytes(host: Host, link: string): Promise<{ path: string; bytes: string } | null> {
  const target = await host.run(['readlink', '-f', link]);
  const path = target.stdout.trimEnd();
  const { code, stdout } = await host.run(['base64', path]);
  return target.code === 0 && code === 0 ? { path, bytes: Buffer.from(stdout, 'base64').toString('latin1') } : null;
}

/** What the new file is called until it takes the place of the old one. */
export const TEMPORARY = '.lo-doctor-new';

/** A file to be replaced: the bytes it had when it was read (null: there was none), and those it is to have. */
export type Replacement = { readonly path: string; readonly old: string | null; readonly bytes: string };

/**
 * Replaces a file, or makes it (readable by root alone). Owner, mode and attributes stay. `isGood` is asked about the new file
 * before it takes the old one's place; its complaint (null: none) leaves the old one as it is, as any failure does. `changed`: somebody else
 * has written the file since it was read, and it was left so.
 */
export async function replaceFile(
  host: Host,
  { path, old, bytes }: Replacement,
  isGood: (temporary: string) => Promise<string | null>,
): Promise<'replaced' | 'changed'> {
  const temporary = `${path}${TEMPORARY}`;
  try {
    if ((await host.run(['test', '-f', path])).code === 0) await must(host, ['cp', '-a', path, temporary]);
    const write: Command = ['sh', '-c', 'umask 077; base64 -d >"$0"', temporary];
    await must(host, write, Buffer.from(bytes, 'latin1').toString('base64'));
    const complaint = await isGood(temporary);
    if (complaint !== null) throw new HostError(`${path} stays as it was: ${complaint}`);
    await host.run(['sync', temporary]);
    if (((await readBytes(host, path))?.bytes ?? null) !== old) return 'changed';
    await must(host, ['mv', '-f', temporary, path]);
  } finally {
    await host.run(['rm', '-f', temporary]);
  }
  if ((await readBytes(host, path))?.bytes !== bytes) {
    throw new HostError(`${path} does not read back as it was written.`, {
      nextSteps: ['Look whether the disk is full.'],
    });
  }
  return 'replaced';
}

/** Does it again while somebody else keeps changing the file, a few times. */
export async function untilReplaced<T>(path: string, attempt: () => Promise<T | 'changed'>): Promise<T> {
  for (let tries = 0; tries < 5; tries++) {
    const result = await attempt();
    if (result !== 'changed') return result;
  }
  throw new HostError(`${path} is being changed by somebody else all the time, so nothing was changed there.`);
}

async function must(host: Host, command: Command, input?: string): Promise<void> {
  const { code, stderr } = await host.run(command, { input });
  if (code !== 0) throw new HostError(`${command.join(' ')} failed: ${stderr.trim()}`, { command });
}

/** Text as the bytes it has in a file (UTF-8), one a character. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
