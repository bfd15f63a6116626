// What stands in a chain of an nft script: how it is hooked, and its rules.
import type { Json, JsonList, JsonRecord } from './json.ts';
import { parseRuleText } from './parse-rule-text.ts';
import { spaceOut } from './script-text.ts';
import { peek, splitRuleWords } from './words.ts';

/** Anything in a chain that is no rule. */
export const isChainHead = (text: string): boolean =>
  /^(?:type\s+\w+\s+hook|policy|comment|flags|devices?)\b/.test(text);

/** `type filter hook output priority filter + 10`, `policy drop`, `devices = { lo, eth0 }` as nft's JSON has it; null where it can't be read. */
export function parseChainHead(text: string): JsonRecord | null {
  const [, policy] = /^policy\s+(accept|drop)$/.exec(text) ?? [];
  if (policy !== undefined) return { policy };
  const devices = /^devices?\s*=?\s*(.+)$/.exec(text)?.[1];
  if (devices !== undefined) return { dev: deviceNames(devices) };
  if (!text.startsWith('type')) return {};
  const [, type, hook, dev, priority] =
    /^type\s+(\w+)\s+hook\s+(\w+)(?:\s+devices?\s*=?\s*(\{[^}]*\}|\S+))?\s+priority\s+(.+)$/.exec(text) ?? [];
  const prio = priority === undefined ? null : parsePriority(priority);
  if (type === undefined || hook === undefined || prio === null) return null;
  // A base chain accepts unless it says otherwise.
  return { type, hook, prio, policy: 'accept', ...(dev === undefined ? {} : { dev: deviceNames(dev) }) };
}

const deviceNames = (text: string): string[] => text.match(/[^\s{},"]+/g) ?? [];

/** Names of linux/netfilter_ipv4.h as nft has them. */
const PRIORITIES: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  out: 100,
  security: 50,
  srcnat: 100,
};

function parsePriority(text: string): number | null {
  const [, name, sign, distance = '0'] = /^([a-z]+)?\s*([+-])?\s*(\d+)?$/.exec(text.trim()) ?? [];
  if (sign === undefined && name === undefined && !/^\d+$/.test(text.trim())) return null;
  const base = name === undefined ? 0 : PRIORITIES[name];
  return base === undefined ? null : base + (sign === '-' ? -1 : 1) * Number(distance);
}

/** A rule as nft's JSON has it; a part that is not known keeps its text. Null where it begins with no word of nft's. */
export function parseScriptRule(
  text: string,
): { readonly statements: JsonList; readonly comment: string | null } | null {
  const comment = /\bcomment\s+"([^"]*)"\s*$/.exec(text)?.[1] ?? null;
  const body = comment === null ? text : text.replace(/\bcomment\s+"[^"]*"\s*$/, '');
  const [, before = body, chain = null] = /^([\s\S]*?)\b((?:jump|goto)\s*\{[\s\S]*\})\s*$/.exec(body) ?? [];
  const statements = parseRuleText(spaceOut(before));
  const inner = chain === null ? [] : [chainText(chain)];
  if (statements !== null) return { statements: [...statements, ...inner], comment };
  const first = peek(splitRuleWords(body));
  if (!KEYWORDS.has(first) && !first.startsWith('@')) return null;
  const changed = [...body.matchAll(/\b(?:add|update|delete)\s+(@\S+)\s*\{/g)].map(
    ([, set]): Json => `update ${set} {`,
  );
  return { statements: [...changed, body.replace(/\s+/g, ' ').trim()], comment };
}

/** As nft prints a chain in a rule: one rule a line. */
function chainText(text: string): string {
  const [, verdict, body = ''] = /^(\w+)\s*\{([\s\S]*)\}$/.exec(text) ?? [];
  const rules = body.split(/[\n;]/).map((rule) => spaceOut(rule));
  return [`${verdict} {`, ...rules.filter((rule) => rule !== ''), '}'].join('\n');
}

/** What a statement of nft can begin with. */
const KEYWORDS: ReadonlySet<string> = new Set(
  `meta ct ip ip6 tcp udp udplite sctp dccp th icmp icmpv6 igmp ether vlan arp ah esp comp gre geneve vxlan gretap exthdr hbh rt frag dst mh srh
  socket osf fib numgen jhash symhash ipsec tunnel iif oif iifname oifname iiftype oiftype iifgroup oifgroup ibrname obrname ibridgename obridgename
  ibrport obrport skuid skgid mark nftrace rtclassid pkttype cpu cgroup random time day hour priority protocol length nfproto l4proto
  accept drop return continue jump goto queue reject log limit quota counter last notrack dnat snat masquerade redirect tproxy synproxy dup fwd flow set add
  update delete meter map xt`.split(/\s+/),
);
