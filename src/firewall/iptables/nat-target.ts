// Where iptables' NAT targets send a connection.
import { parseAddress } from '../model/address.ts';
import type { Nat } from '../model/steps.ts';
import { parseAddressRange, parsePort, parseRange } from './values.ts';

/**
 * `--to-destination 10.0.0.1:80`, `[::1]:80-90`, `:80`, `10.0.0.1-10.0.0.9`; `--to-ports 80-90`; nothing → the step, or null.
 * A base port (`80-90/8000`) is not read.
 */
export function parseNatTarget(nat: Nat['nat'], text: string | undefined): Nat | null {
  if (text === undefined)
    return nat === 'redirect' || nat === 'masquerade' ? { kind: 'nat', nat, address: null, port: null } : null;
  if (nat === 'redirect' || nat === 'masquerade')
    return withPort({ kind: 'nat', nat, address: null, port: null }, text);
  const { address, port } = splitPort(text);
  if (address === '') return port === null ? null : withPort({ kind: 'nat', nat, address: null, port: null }, port);
  const range = parseAddressRange(address);
  if (!range) return null;
  const step: Nat = { kind: 'nat', nat, address: { kind: 'range', ...range }, port: null };
  return port === null ? step : withPort(step, port);
}

function withPort(step: Nat, text: string): Nat | null {
  const range = parseRange(text, { most: 0xffff, separator: '-', parse: parsePort });
  return range && { ...step, port: { kind: 'range', ...range } };
}

function splitPort(text: string): { address: string; port: string | null } {
  const bracketed = /^\[([^\]]+)\](?:-\[([^\]]+)\])?(?::(.+))?$/.exec(text);
  if (bracketed) {
    const [, from = '', to, port] = bracketed;
    return { address: to === undefined ? from : `${from}-${to}`, port: port ?? null };
  }
  const colon = text.lastIndexOf(':');
  const plain = colon < 0 || text.indexOf(':') !== colon || parseAddress(text) !== null;
  return plain ? { address: text, port: null } : { address: text.slice(0, colon), port: text.slice(colon + 1) };
}
