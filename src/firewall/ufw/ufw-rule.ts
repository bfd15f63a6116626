// A permit for loopback as ufw's own user rule: how ufw is told, and what it then writes.
import type { AddedRule } from '../fix/rule/added-rule.ts';
import type { Family } from '../model/model.ts';

/** The chain of ufw's for a family and direction: of the rules that users give it, or of its before.rules. */
export function ufwChain(family: Family, part: 'user' | 'before', direction: 'in' | 'out'): string {
  return `ufw${family === 'ip6' ? '6' : ''}-${part}-${direction === 'in' ? 'input' : 'output'}`;
}

/** True for the chains of the filter table that ufw judges in: its own, and the built-in ones whose policy it sets. */
export function isUfwChain(chain: string): boolean {
  return /^(INPUT|OUTPUT|ufw6?-.*)$/.test(chain);
}

/**
 * The permit after `ufw prepend` or `ufw delete`, without its comment; it is for both families. Null for what ufw's own rules can't say: ping,
 * and replies of known connections only.
 * Sample: `allow out on lo proto tcp to any port 25`
 */
export function ufwWords({ direction, only }: AddedRule): string[] | null {
  const all = ['allow', direction, 'on', 'lo'];
  if (only === null) return all;
  const { service, of, established } = only;
  if (!('port' in service) || established) return null;
  return [...all, 'proto', service.protocol, of === 'request' ? 'to' : 'from', 'any', 'port', `${service.port}`];
}

/** What ufw (0.36) makes of it in its chain, as words of iptables. It keeps the comment in its own files. */
export function ufwIptablesWords({ direction, only }: AddedRule): string[] {
  const all = [direction === 'out' ? '-o' : '-i', 'lo'];
  const service = only?.service;
  const match =
    only && service && 'port' in service
      ? [
          '-p',
          service.protocol,
          '-m',
          service.protocol,
          only.of === 'request' ? '--dport' : '--sport',
          `${service.port}`,
        ]
      : [];
  return [...all, ...match, '-j', 'ACCEPT'];
}

/** The file from which ufw makes such a chain, in the form of iptables-save; null for chains that it makes itself or has no part in. */
export function ufwFileOf(chain: string): string | null {
  const [, version, part] = /^ufw(6?)-(before|after)-(?!logging)/.exec(chain) ?? [];
  return part === undefined ? null : `/etc/ufw/${part}${version}.rules`;
}
