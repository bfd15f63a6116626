// How rules, chains and conversations are called in running text.
import type { ChainPlace } from '../firewall/fix/plan.ts';
import { nameTool } from '../firewall/name-layer.ts';
import type { Conversation, RulePlace } from '../firewall/trace.ts';
import { isHostile } from './printable.ts';

const FAMILIES = {
  ip: 'IPv4',
  ip6: 'IPv6',
  inet: 'IPv4 and IPv6',
  netdev: 'device',
  arp: 'ARP',
  bridge: 'bridge',
} as const;

/** A chain in words: `OUTPUT (iptables, IPv4)`; the table is named where it is not `filter`. */
export const nameChain = (place: ChainPlace): string => {
  const table = place.layer === 'iptables' && place.table === 'filter' ? '' : `, table ${place.table}`;
  return `${place.chain} (${nameTool(place)}${table}, ${FAMILIES[place.family]})`;
};

/** A rule in words: `rule 7 of OUTPUT (iptables, IPv4)`, or `the policy of OUTPUT (…)`; then in brackets what its owner calls it. */
export const nameRule = (rule: RulePlace): string => {
  const origin = rule.origin === undefined ? '' : ` [${rule.origin}]`;
  return `${rule.number === 0 ? 'the policy' : `rule ${rule.number}`} of ${nameChain(rule)}${origin}`;
};

/** An address and a port as they are written together: `127.0.0.1:25`, `[::1]:25`. */
export const nameEndpoint = (address: string, port: number | null): string => {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
};

/** A conversation in words: `TCP to 127.0.0.1:25`. */
export const nameConversation = ({ protocol, destination, destinationPort }: Conversation): string =>
  `${protocol.toUpperCase()} to ${nameEndpoint(destination, destinationPort)}`;

/** `1 rule`, `2 rules`. */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** `a`, `a and b`, `a, b and c`. */
export const enumerate = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

/** As `enumerate`, of many the first ones and the number of the others: `a, b and 5 more`. */
export const enumerateFew = (items: readonly string[], most = 3): string =>
  enumerate(items.length > most ? [...items.slice(0, most - 1), `${items.length - most + 1} more`] : items);

/** Numbers in words: `3`, `3 and 4`, `3 to 9`, `1 to 3 and 7`. */
export const nameNumbers = (numbers: readonly number[]): string => {
  const runs: [from: number, to: number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return enumerate(
    runs.flatMap(([from, to]) => (to - from > 1 ? [`${from} to ${to}`] : [...new Set([from, to])].map(String))),
  );
};

/** A word as a POSIX shell reads it back; quotes only where it needs them. */
export const quoteShellWord = (word: string): string => {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return isHostile(word) ? quoteByPrintf(word) : `'${word.replaceAll("'", `'\\''`)}'`;
};

/** `"$(printf 'no\033spam')"`: what can't be shown as it is, so that what is shown can be pasted. The substitution takes line ends away. */
const quoteByPrintf = (word: string): string => {
  const [, body = '', ends = ''] = /^([\s\S]*?)(\n*)$/.exec(word) ?? [];
  const escaped = Array.from(new TextEncoder().encode(body), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\x20-\x7e\n\t]/.test(character) && !/[\\%']/.test(character)
      ? character
      : `\\${byte.toString(8).padStart(3, '0')}`;
  }).join('');
  return `"$(printf '${escaped}')${ends}"`;
};

/** A command as a shell line that does the same when it is pasted. */
export const shellLine = (argv: readonly string[]): string => argv.map(quoteShellWord).join(' ');
