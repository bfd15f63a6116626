// The server's own addresses: packets to them travel over lo as well.
import * as z from 'zod';
import { formatAddress, isLoopbackAddress, parseAddress } from '../../firewall/model/address.ts';
import type { Host } from '../host.ts';

const devices = z.array(z.object({ addr_info: z.array(z.object({ local: z.string(), scope: z.string() })) }));

/**
 * The global addresses of all devices: by `ip`, which on old servers and in busybox knows no JSON, `hostname -I`, or what the kernel itself lists. Empty
 * where there are none, or not even that can be read.
 */
export async function readOwnAddresses(host: Host): Promise<string[]> {
  const asJson = await host.run(['ip', '-j', 'address']);
  const found = asJson.code === 0 ? parseJson(asJson.stdout) : null;
  if (found !== null) return found;
  const asLines = await host.run(['ip', '-o', 'address']);
  if (asLines.code === 0) return parseLines(asLines.stdout);
  const words = await host.run(['hostname', '-I']);
  if (words.code === 0) return words.stdout.split(/\s+/).filter((word) => word !== '');
  const { stdout } = await host.run(['cat', '/proc/net/fib_trie', '/proc/net/if_inet6']);
  return parseTables(stdout);
}

/** `[{"ifname":"eth0","addr_info":[{"family":"inet","local":"192.0.2.10","scope":"global",…}],…},…]` */
function parseJson(text: string): string[] | null {
  try {
    const addresses = devices.parse(JSON.parse(text)).flatMap((device) => device.addr_info);
    return addresses.filter(({ scope }) => scope === 'global').map(({ local }) => local);
  } catch {
    return null;
  }
}

/** `2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\       valid_lft forever preferred_lft forever` */
function parseLines(text: string): string[] {
  return [...text.matchAll(/\binet6? ([\da-f.:]+)\S* .*\bscope global\b/gi)].map(([, address = '']) => address);
}

/** `           |-- 192.0.2.10`, then `              /32 host LOCAL`; `fd000000000000000000000000000010 02 40 00 80     eth0`, whose fourth word is the scope. */
function parseTables(text: string): string[] {
  const ip = [...text.matchAll(/\|-- ([\d.]+)\n\s+\/32 host LOCAL/g)].map(([, address = '']) => address);
  const ip6 = [...text.matchAll(/^([\da-f]{32}) [\da-f]+ [\da-f]+ 00 /gim)].map(([, digits = '']) =>
    formatAddress(BigInt(`0x${digits}`)),
  );
  return [...new Set([...ip, ...ip6])].filter((address) => {
    const parsed = parseAddress(address);
    return parsed !== null && !isLoopbackAddress(parsed);
  });
}
