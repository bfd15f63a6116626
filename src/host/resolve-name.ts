// What a name means on this server, as its programs get to know.
import type { Host } from './host.ts';

/** The addresses of a name in the order in which programs try them; empty where it has none, or nothing here can tell. */
export async function resolveName(host: Host, name: string, timeout = 30_000): Promise<string[]> {
  // No name begins like an option.
  if (name.startsWith('-')) return [];
  const { stdout } = await host.run(['getent', 'ahosts', name], { timeout });
  return [...new Set(stdout.split('\n').flatMap(parseAddress))];
}

/** `127.0.0.1       STREAM localhost`; each address stands once for each kind of socket. */
function parseAddress(line: string): string[] {
  const [address = ''] = line.split(/\s/);
  return address === '' ? [] : [address];
}
