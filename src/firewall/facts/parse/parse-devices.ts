// Reads which devices have which addresses.
import { parseAddress } from '../../model/address.ts';
import type { Address } from '../../model/packet.ts';

/** `2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\       valid_lft forever …`, a line for each address (`ip -o address`). */
export function parseDevices(text: string): Map<Address, string[]> {
  const devices = new Map<Address, string[]>();
  for (const line of text.split('\n')) {
    const [, device, written] = /^\d+: (\S+?)(?:@\S+)?\s+inet6? ([^\s/]+)/.exec(line) ?? [];
    const address = written === undefined ? null : parseAddress(written);
    if (device !== undefined && address !== null) devices.set(address, [...(devices.get(address) ?? []), device]);
  }
  return devices;
}
