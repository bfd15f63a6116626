// Where random redirects send packets so that no filter rule is to blame for the silence.
import type { Trace } from '../../../src/firewall/conversation/trace.ts';
import type { Family } from './server.ts';

/** A port that nobody listens on, and a host that nobody answers from. */
export const CLOSED_PORT = 9;
export const AWAY: Record<Family, string> = { ip: '203.0.113.9', ip6: '[2001:db8::9]' };

/** True where a rule on the conversation's way sends it there. */
export function isSentAway({ packets }: Trace): boolean {
  const met = packets.flatMap(({ hooks }) => hooks.flatMap(({ rules }) => rules));
  return met.some(({ match, rule: { text } }) => match !== 'no' && isAway(text));
}

function isAway(text: string): boolean {
  return text.endsWith(`--to-ports ${CLOSED_PORT}`) || Object.values(AWAY).some((host) => text.includes(host));
}
