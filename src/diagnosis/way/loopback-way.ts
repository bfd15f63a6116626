// What packets over lo need beside rules that let them pass: the device, its addresses, the routes to it, and nothing on it that eats them.
import type { Finding } from '../finding.ts';

/** A command that was run on the server, and what it answered; `code` null: it was ended. */
export type CommandAnswer = {
  readonly command: readonly string[];
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** The kernel's answer to `ip route get`. `rule`: the routing rule that the question is about; null where it is about no single one. */
export type RouteAnswer = CommandAnswer & { readonly destination: string; readonly rule: string | null };

/**
 * What a server tells of lo and of the way to it, as its own tools print it. Null is what nobody could look at: no such tool here, or an old one.
 * `tables` and `isIp6Off` are read only where a route is amiss; `unasked` are routing rules before the local table that no question fits.
 */
export type LoopbackWay = {
  readonly link: CommandAnswer | null;
  readonly addresses: CommandAnswer | null;
  readonly routes: readonly RouteAnswer[];
  readonly rules: { readonly ip: CommandAnswer | null; readonly ip6: CommandAnswer | null };
  readonly unasked: readonly { readonly family: 'ip' | 'ip6'; readonly line: string }[];
  readonly queues: CommandAnswer | null;
  readonly filters: readonly CommandAnswer[];
  readonly tables: { readonly ip: CommandAnswer | null; readonly ip6: CommandAnswer | null };
  readonly isIp6Off: boolean | null;
};

/** The kinds of addresses that loopback is judged by. */
export type LoopbackKind = 'ip' | 'ip6' | 'own';

/**
 * Something in the way that is no rule of the firewall. `outcome`: what it makes of loopback traffic to these kinds of addresses: `partly` where only some of it is stopped, `unknown` where it
 * depends on more than can be read, `absent` where such an address is switched off on purpose, `works` where most of it is let through.
 */
export type WayFault = {
  readonly kinds: readonly LoopbackKind[];
  readonly outcome: 'blocked' | 'partly' | 'unknown' | 'absent' | 'works';
  readonly finding: Finding;
};

/** The first line of an answer that says something, after the command that it answers: `ip route get ::1: RTNETLINK answers: No route to host`. */
export const quoteAnswer = ({ command, stdout, stderr }: CommandAnswer): string => {
  const [first = 'no answer'] = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  return `${command.join(' ')}: ${first.trim()}`;
};

/** What kind of loopback address a destination of a conversation over lo is. */
export const loopbackKindOf = (destination: string): LoopbackKind =>
  destination === '::1' ? 'ip6' : destination.startsWith('127.') ? 'ip' : 'own';
