// IP addresses as numbers that rules can compare: IPv4 as a number, IPv6 as a bigint.
import ipaddr from 'ipaddr.js';
import type { Address } from './packet.ts';

/** An inclusive range of addresses. */
export type AddressRange = { readonly from: Address; readonly to: Address };

/** `127.0.0.1`, `::1` → its number, or null for anything else (`[::1]`, `::1%lo`, `127.1` and names included). */
export function parseAddress(text: string): Address | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** The canonical text of an address (RFC 5952 for IPv6). */
export function formatAddress(address: Address): string {
  if (typeof address === 'number') return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
  const parts = Array.from({ length: 8 }, (_, i) => Number((address >> BigInt(112 - 16 * i)) & 0xffffn));
  return new ipaddr.IPv6(parts).toRFC5952String();
}

/** The addresses with the same first `bits` bits as `address`. */
export function prefixRange(address: Address, bits: number): AddressRange {
  if (typeof address === 'number') {
    const mask = prefixMask4(bits);
    const from = (address & mask) >>> 0;
    return { from, to: (from | ~mask) >>> 0 };
  }
  const host = (1n << BigInt(128 - bits)) - 1n;
  const from = address & ~host & ALL_ONES;
  return { from, to: from | host };
}

/** True for addresses that are loopback by their form: 127.0.0.0/8 and ::1. */
export function isLoopbackAddress(address: Address): boolean {
  return typeof address === 'number' ? address >>> 24 === 127 : address === 1n;
}

/** The IPv4 network mask with so many ones, as an unsigned number. */
export function prefixMask4(bits: number): number {
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

const ALL_ONES = (1n << 128n) - 1n;

function parseIpv4(text: string): number | null {
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) octet = (octet < 0 ? 0 : octet * 10) + code - 48;
    else if (code === 46 && octet >= 0 && dots < 3) {
      value = value * 256 + octet;
      octet = -1;
      dots++;
    } else return null;
    if (octet > 255) return null;
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : null;
}

function parseIpv6(text: string): bigint | null {
  if (text === '::1') return 1n;
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  return ipaddr.IPv6.parse(text).parts.reduce((value, part) => (value << 16n) | BigInt(part), 0n);
}
