// What a name means on this server, as its programs get to know.
import type { Host } from '../host.ts';

const NOT_STARTED = [126, 127];

/** The addresses of a name in the order in which programs try them; empty where it has none, or nothing here can tell. Without getent /etc/hosts tells. */
export async function resolveName(host: Host, name: string, timeout = 30_000): Promise<string[]> {
  // No name begins like an option.
  if (name.startsWith('-')) return [];
  const { code, stdout } = await host.run(['getent', 'ahosts', name], { timeout });
  if (code !== null && NOT_STARTED.includes(code))
    return parseHosts((await host.run(['cat', '/etc/hosts'])).stdout, name);
  return [...new Set(stdout.split('\n').flatMap(parseAddress))];
}

/** `127.0.0.1       STREAM localhost`; each address stands once for each kind of socket. */
function parseAddress(line: string): string[] {
  const [address = ''] = line.split(/\s/);
  return address === '' ? [] : [address];
}

/** `127.0.1.1       web1.example.org web1  # by the installer` */
function parseHosts(text: string, name: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/);
    return names.includes(name) ? [address] : [];
  });
}
