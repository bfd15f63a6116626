// An added rule in the words of iptables and ip6tables.
import { at as itemAt } from '../../../at.ts';
import { splitWords } from '../../iptables/read/split-words.ts';
import type { AddedRule, Limit, ServicePackets } from './added-rule.ts';

/**
 * The rule without its chain, as argument words in the order in which iptables-save prints them. Null where the rule to copy the
 * conditions of is not written as iptables-save writes one that drops or rejects.
 * Sample: `-o lo -p tcp -m tcp --dport 25 -m comment --comment "lo-doctor 7f3a: permit tcp/25 on loopback" -j ACCEPT`
 */
export function iptablesWords({
  direction,
  traffic,
  copied,
  only,
  limit,
  action,
  comment,
}: AddedRule): string[] | null {
  const conditions = copied === null ? { addresses: [], rest: [] } : copyConditions(copied.text);
  if (conditions === null) return null;
  return [
    ...conditions.addresses,
    ...(traffic === 'other' ? ['!'] : []),
    ...[direction === 'out' ? '-o' : '-i', 'lo'],
    ...conditions.rest,
    ...(only === null ? [] : serviceWords(only)),
    ...(limit === null ? [] : limitWords(limit)),
    ...['-m', 'comment', '--comment', comment],
    ...(action.kind === 'accept' ? ['-j', 'ACCEPT'] : ['-j', 'LOG', '--log-prefix', action.prefix, '--log-uid']),
  ];
}

/** The rule as iptables-save prints it. */
export function iptablesText(chain: string, words: readonly string[]): string {
  return ['-A', chain, ...words].map(quote).join(' ');
}

/** The program that changes the tables of a family and variant; the plain name where `standard` says that it is the same. */
export function iptablesProgram(family: string, variant: 'nft' | 'legacy', standard: 'nft' | 'legacy' | null): string {
  const program = family === 'ip6' ? 'ip6tables' : 'iptables';
  return variant === standard ? program : `${program}-${variant}`;
}

function serviceWords({ of, established, service }: ServicePackets): string[] {
  const { protocol } = service;
  const state = established ? ['-m', 'conntrack', '--ctstate', 'ESTABLISHED'] : [];
  switch (protocol) {
    case 'tcp':
    case 'udp':
      return ['-p', protocol, '-m', protocol, of === 'request' ? '--dport' : '--sport', `${service.port}`, ...state];
    case 'icmp':
      return ['-p', 'icmp', '-m', 'icmp', '--icmp-type', `${service.type}`, ...state];
    case 'icmpv6':
      return ['-p', 'ipv6-icmp', '-m', 'icmp6', '--icmpv6-type', `${service.type}`, ...state];
  }
}

function limitWords({ rate, per, burst }: Limit): string[] {
  // iptables-save leaves a burst of 5 out: it is the default.
  const words = ['-m', 'limit', '--limit', `${rate}/${per === 'second' ? 'sec' : 'min'}`];
  return burst === 5 ? words : [...words, '--limit-burst', `${burst}`];
}

/** Sample: `-A OUTPUT -s 10.0.0.1/32 ! -o eth0 -p tcp -m tcp --dport 25 -j REJECT --reject-with icmp-port-unreachable` */
function copyConditions(text: string): { addresses: string[]; rest: string[] } | null {
  const [append, , ...words] = splitWords(text) ?? [];
  const target = words.lastIndexOf('-j');
  if (append !== '-A' || target < 0 || !isDropOrReject(words.slice(target + 1))) return null;
  const addresses: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < target; at++) {
    const option = words[at] === '!' ? at + 1 : at;
    const name = itemAt(words, option);
    const length = IN_FRONT.includes(name) ? option + 2 - at : name === '-m' && words[at + 1] === 'comment' ? 4 : 1;
    const piece = words.slice(at, at + length);
    if (name === '-s' || name === '-d') addresses.push(...piece);
    // lo is among the interfaces that these let through: the rule was met by a packet on lo.
    else if (name !== '-i' && name !== '-o' && length !== 4) rest.push(...piece);
    at += length - 1;
  }
  return { addresses, rest };
}

const IN_FRONT = ['-s', '-d', '-i', '-o'];

function isDropOrReject([target, ...options]: readonly string[]): boolean {
  if (target === 'DROP') return options.length === 0;
  return target === 'REJECT' && (options.length === 0 || (options.length === 2 && options[0] === '--reject-with'));
}

/** As iptables-save: strings with blanks stand in double quotes. */
function quote(word: string): string {
  return /^[^\s"'\\]+$/.test(word) ? word : `"${word.replace(/["'\\]/g, '\\$&')}"`;
}
