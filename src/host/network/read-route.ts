// The way that packets to a place take, by the kernel's own answer.
import type { Host } from '../host.ts';

/** `203.0.113.7 via 192.0.2.1 dev eth0 src 192.0.2.10 uid 0`; `local 127.0.0.1 dev lo …`. Null: there is none, or ip is not here. */
export async function readRoute(
  host: Host,
  address: string,
  uid: number,
): Promise<{ device: string; source: string; isLocal: boolean } | null> {
  const { code, stdout } = await host.run(['ip', '-o', 'route', 'get', address, 'uid', `${uid}`]);
  if (code !== 0) return null;
  const [, device] = /\bdev (\S+)/.exec(stdout) ?? [];
  const [, source] = /\bsrc (\S+)/.exec(stdout) ?? [];
  return device === undefined || source === undefined ? null : { device, source, isLocal: /^local\b/.test(stdout) };
}
