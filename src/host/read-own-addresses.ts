// The server's own addresses: packets to them travel over lo as well.
import * as z from 'zod';
import type { Host } from './host.ts';

const devices = z.array(z.object({ addr_info: z.array(z.object({ local: z.string(), scope: z.string() })) }));

/** The global addresses of all devices. Empty when the server can't tell; where `ip` knows no JSON, what `hostname -I` says. */
export async function readOwnAddresses(host: Host): Promise<string[]> {
  const { code, stdout } = await host.run(['ip', '-j', 'address']);
  const found = code === 0 ? parseAddresses(stdout) : null;
  if (found !== null) return found;
  const words = (await host.run(['hostname', '-I'])).stdout.split(/\s+/);
  return words.filter((word) => word !== '');
}

/** `[{"ifname":"eth0","addr_info":[{"family":"inet","local":"192.0.2.10","scope":"global",…}],…},…]` */
function parseAddresses(text: string): string[] | null {
  try {
    const addresses = devices.parse(JSON.parse(text)).flatMap((device) => device.addr_info);
    return addresses.filter(({ scope }) => scope === 'global').map(({ local }) => local);
  } catch {
    return null;
  }
}
