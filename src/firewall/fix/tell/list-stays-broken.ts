// What a fix for single services leaves blocked, in words.

import type { Conversation } from '../../conversation/trace.ts';
import { isLoopbackAddress, parseAddress } from '../../model/address.ts';
import type { Service } from '../plan.ts';

/** One sentence each; `blocked` are the probes of loopback that don't pass after the fix. */
export function listStaysBroken(services: readonly Service[], blocked: readonly Conversation[]): string[] {
  if (blocked.length === 0) return [];
  const isFtp = services.some(({ protocol, port }) => protocol === 'tcp' && port === 21);
  const someTcp = blocked.some(
    ({ protocol, destinationPort }) => protocol === 'tcp' && destinationPort !== null && destinationPort > 1023,
  );
  return [
    ...(isFtp && someTcp
      ? ["FTP's data connections use ports of their own, which stay blocked: transfers and listings will hang."]
      : []),
    ...(['tcp', 'udp'] as const).flatMap((protocol) => portsLeft(protocol, blocked)),
    ...(blocked.some(({ protocol }) => protocol === 'icmp') ? ['Ping over loopback stays blocked.'] : []),
  ];
}

function portsLeft(protocol: 'tcp' | 'udp', blocked: readonly Conversation[]): string[] {
  const here = blocked.filter((one) => one.protocol === protocol);
  return here.length === 0 ? [] : [`Other ${protocol.toUpperCase()} ports stay blocked, to ${addressesOf(here)}.`];
}

function isLoopback(text: string): boolean {
  const address = parseAddress(text);
  return address !== null && isLoopbackAddress(address);
}

function addressesOf(conversations: readonly Conversation[]): string {
  const addresses = [...new Set(conversations.map(({ destination }) => destination))];
  const [loopback, own] = [true, false].map((wanted) => addresses.filter((text) => isLoopback(text) === wanted));
  return [...(loopback ?? []), ...(own && own.length > 0 ? ["the host's own addresses"] : [])].join(', ');
}
