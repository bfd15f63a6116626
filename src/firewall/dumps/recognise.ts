// What is no dump of rules, but is often given as one: what it is, and which command prints the rules.

/** `what` it is, and the `commands` whose output holds the rules. */
export type Recognised = { readonly what: string; readonly commands: readonly string[] };

const SAVE = ['iptables-save', 'ip6tables-save'];
const ALL = [...SAVE, 'nft list ruleset'];

const KINDS: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [/^\u001f[\ufffd\u008b]/, 'compressed (gzip): unpack it first (zcat)', []],
  [/^(?:BZh|\ufffd7zXZ|\(\ufffd\/\ufffd|PK\u0003\u0004)/, 'compressed: unpack it first', []],
  [/^\s*$/, 'empty', ALL],
  [/\u0000/, 'no text', ALL],
  [/^\s*Bridge (?:chain|table):/m, 'what ebtables prints, which never sees loopback', ALL],
  [
    /^Chain \S+ \((?:policy|\d+ references)/m,
    'the listing of `iptables -L`, which leaves out interfaces or is cut short',
    SAVE,
  ],
  [
    /^(?:Status: (?:active|inactive)|To\s+Action\s+From)\b/m,
    'what `ufw status` prints: ufw has more rules than it shows',
    SAVE,
  ],
  [
    /^(?:create \S+ (?:hash|bitmap|list):|add \S+ \S+\s*$)|^Name: \S+\nType: (?:hash|bitmap|list):/m,
    'sets of ipset without the rules that use them',
    SAVE,
  ],
  [
    /^\s*(?:<\?xml|<(?:zone|policy|direct|service|ipset)\b)/,
    'configuration of firewalld, not what it makes of it',
    ['nft list ruleset', ...SAVE],
  ],
  [
    /^\S+ \((?:active|default)[^)]*\)\n\s+target:/m,
    'what `firewall-cmd --list-all` prints',
    ['nft list ruleset', ...SAVE],
  ],
  [/^\s*(?:<\?xml[^>]*>\s*)?<iptables-rules\b/, 'what iptables-xml prints', SAVE],
  [/^\s*\{\s*"nftables"/, 'a document of nft in which the rules are not', ['nft -j list ruleset']],
  [/^table \w+ \S+$/m, 'the list of tables, in which the rules are not', ['nft list ruleset']],
  [
    /^#!.*\b(?:sh|bash|dash|ksh|python\d?|perl)\b|^\s*(?:sudo\s+)?(?:\$\{?\w+\}?|\S*ip6?tables(?:-nft|-legacy)?)\s+(?:-t \w+ )?-\w/m,
    'a shell script: what it leaves behind is known only after it ran',
    SAVE,
  ],
];

/** Null for a text that is none of these. */
export function recogniseDump(text: string): Recognised | null {
  const found = KINDS.find(([pattern]) => pattern.test(text));
  return found === undefined ? null : { what: found[1], commands: found[2] };
}
