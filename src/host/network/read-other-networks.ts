// Who listens on this machine in a network namespace of its own: out of reach from here, though the service runs.
import type { DistantListener } from '../../diagnosis/witness.ts';
import type { Host } from '../host.ts';

/** Namespaces that are looked into at the most. */
const MOST = 32;
const LIST = [
  'find',
  '/proc',
  '-mindepth',
  '3',
  '-maxdepth',
  '3',
  '-path',
  '/proc/[0-9]*/ns/net',
  '-printf',
  '%l %h\\n',
] as const;

/** Null where nobody could look: no find that prints, or processes that may not be seen. */
export async function readOtherNetworks(host: Host): Promise<DistantListener[] | null> {
  const [{ stdout }, self] = await Promise.all([host.run(LIST), host.run(['readlink', '/proc/self/ns/net'])]);
  const own = self.stdout.trim();
  if (self.code !== 0 || own === '' || stdout === '') return null;
  const firstOf = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    // `net:[4026532008] /proc/812/ns`
    const [, namespace = '', pid = ''] = /^(net:\[\d+\]) \/proc\/(\d+)\/ns$/.exec(line) ?? [];
    if (namespace !== '' && namespace !== own && !firstOf.has(namespace)) firstOf.set(namespace, pid);
  }
  const others = [...firstOf].slice(0, MOST);
  return (await Promise.all(others.map(([namespace, pid]) => lookInto(host, namespace, pid)))).flat();
}

async function lookInto(host: Host, namespace: string, pid: string): Promise<DistantListener[]> {
  const [sockets, name, cgroup] = await Promise.all([
    host.run(['cat', `/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`]),
    host.run(['cat', `/proc/${pid}/comm`]),
    host.run(['cat', `/proc/${pid}/cgroup`]),
  ]);
  const ports = sockets.stdout.split('\n').flatMap(parseListening);
  const known = { pid: Number(pid), process: name.stdout.trim(), cgroup: parseGroup(cgroup.stdout), namespace };
  return [...new Set(ports)].map((port) => ({ ...known, port }));
}

/** `   0: 0100007F:1538 00000000:0000 0A …`: state 0A listens. */
function parseListening(line: string): number[] {
  const [, port, state] = /^\s*\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:[\dA-F]{4} ([\dA-F]{2}) /.exec(line) ?? [];
  return port !== undefined && state === '0A' ? [Number.parseInt(port, 16)] : [];
}

/** `0::/system.slice/pg.service` */
function parseGroup(text: string): string | null {
  return /^0::(\S+)$/m.exec(text)?.[1] ?? /^\d+:name=systemd:(\S+)$/m.exec(text)?.[1] ?? null;
}
