// IP addresses in their canonical short form.

import ipaddr from 'ipaddr.js';

/** `0000:…:0001` becomes `::1`; what is no address (logs in public are masked by hand) stays as it is. */
export function canonicalAddress(text: string): string {
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return text;
  return ipaddr.IPv6.parse(text).toString();
}

/** 127.0.0.0/8 and ::1, and the former as IPv4-mapped `::ffff:7f00:1` (but not `::ffff:7f:1`, which is another one). */
export const isLoopbackText = (address: string | null): boolean =>
  address !== null && (address === '::1' || address.startsWith('127.') || /^::ffff:7f[0-9a-f]{2}:/.test(address));
