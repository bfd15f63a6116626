// A user by name or number, as the server knows it.
import type { Host } from '../host.ts';

/** `www-data`, `33`, `#33`, `deploy:deploy`; null where the server knows no such user. */
export async function readUser(host: Host, said: string): Promise<{ name: string; uid: number } | null> {
  const name = said.replace(/^#/, '').replace(/:.*$/, '');
  if (/^\d+$/.test(name)) return { name, uid: Number(name) };
  if (name === '' || name.startsWith('-')) return null;
  const { code, stdout } = await host.run(['id', '-u', name]);
  return code === 0 && /^\d+$/.test(stdout.trim()) ? { name, uid: Number(stdout.trim()) } : null;
}
