// Addresses as iptables takes and prints them.
import { formatAddress, parseAddress, prefixRange } from '../../../firewall/model/address.ts';
import type { Address } from '../../../firewall/model/packet.ts';
import { wrongUsage } from './iptables-error.ts';

/** Turns a host name into an address, or null. */
export type Resolve = (name: string, family: 'ip' | 'ip6') => string | null;

/** `127/8`, `localhost`, `10.0.0.1/255.0.0.0` → `127.0.0.0/8`, `127.0.0.1/32`, `10.0.0.0/8`; null for all addresses (`0/0`). */
export function printAddress(text: string, family: 'ip' | 'ip6', resolve: Resolve): string | null {
  const [name = '', maskText] = text.split('/');
  const address =
    readAddress(name, family, maskText !== undefined) ?? readAddress(resolve(name, family) ?? '', family, false);
  if (address === null) throw wrongUsage(`host/network \`${name}' not found`);
  const width = family === 'ip' ? 32 : 128;
  const mask = maskText === undefined ? width : readMask(maskText, width);
  if (mask === null) throw wrongUsage(`invalid mask \`${maskText}' specified`);
  if (mask === 0) return null;
  if (typeof mask === 'number') return `${formatAddress(prefixRange(address, mask).from)}/${mask}`;
  return `${formatAddress(maskAddress(address, mask))}/${maskText}`;
}

/** Networks may be short of octets: `127/8`. */
function readAddress(text: string, family: 'ip' | 'ip6', isNetwork: boolean): Address | null {
  const octets = isNetwork && /^\d{1,3}(\.\d{1,3}){0,2}$/.test(text) ? text.split('.') : null;
  const address = parseAddress(octets ? [...octets, '0', '0', '0'].slice(0, 4).join('.') : text);
  return typeof address === (family === 'ip' ? 'number' : 'bigint') ? address : null;
}

/** The number of bits, or the mask itself where it is no prefix. */
function readMask(text: string, width: number): number | { readonly bits: Address } | null {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= width ? Number(text) : null;
  const address = parseAddress(text);
  if (address === null) return null;
  const binary = address.toString(2).padStart(width, '0');
  return /^1*0*$/.test(binary) ? binary.replaceAll('0', '').length : { bits: address };
}

function maskAddress(address: Address, { bits }: { readonly bits: Address }): Address {
  if (typeof address === 'number' && typeof bits === 'number') return (address & bits) >>> 0;
  return BigInt(address) & BigInt(bits);
}
