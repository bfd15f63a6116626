// The lines of one lab in the log of all.
import { randomInt } from 'node:crypto';
import type { Lab } from './lab.ts';

/**
 * Gives the lab's packets a time to live of their own, and returns what stands in their log lines alone: the kernel's log
 * has the lines of all labs. (grep takes one pattern a line.)
 */
export async function markPackets(lab: Lab): Promise<string> {
  const hops = randomInt(65, 255);
  const settings = ['ipv4.ip_default_ttl', 'ipv6.conf.all.hop_limit', 'ipv6.conf.lo.hop_limit'];
  await lab.run(['sysctl', '-qw', ...settings.map((name) => `net.${name}=${hops}`)]);
  return `TTL=${hops} \nHOPLIMIT=${hops} `;
}
