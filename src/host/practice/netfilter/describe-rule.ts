// The last column of `iptables -L`: a rule's matches and its target's options, worded for people.

/** One option: its values, and `not` is `! ` where it was negated. */
type Wording = (values: readonly string[], not: '' | '! ') => string;

const port =
  (name: 'spt' | 'dpt'): Wording =>
  ([value = ''], not) =>
    `${name}${value.includes(':') ? 's' : ''}:${not.trim()}${value}`;

const named =
  (name: string): Wording =>
  ([value = ''], not) =>
    `${not}${name} ${value}`;

const icmpType =
  (name: string): Wording =>
  ([value = ''], not) =>
    `${name} ${not.trim()}${value === 'any' ? '255' : value.replace('/', ' code ')}`;

const OPTIONS: Readonly<Record<string, Wording>> = {
  sport: port('spt'),
  dport: port('dpt'),
  sports: ([value = ''], not) => `multiport sports ${not.trim()}${value}`,
  dports: ([value = ''], not) => `multiport dports ${not.trim()}${value}`,
  ports: ([value = ''], not) => `multiport ports ${not.trim()}${value}`,
  'tcp-flags': ([mask = '', wanted = ''], not) => `flags:${not.trim()}${flagBits(mask)}/${flagBits(wanted)}`,
  ctstate: named('ctstate'),
  state: named('state'),
  'icmp-type': icmpType('icmptype'),
  'icmpv6-type': icmpType('ipv6-icmptype'),
  comment: ([value = '']) => `/* ${value} */`,
  limit: ([value = '']) => `limit: avg ${value}`,
  'limit-burst': ([value = '']) => `burst ${value}`,
  'uid-owner': named('owner UID match'),
  'gid-owner': named('owner GID match'),
  mark: ([value = ''], not) => `mark match ${not.trim()}${value}`,
  'src-type': named('ADDRTYPE match src-type'),
  'dst-type': named('ADDRTYPE match dst-type'),
  'pkt-type': ([value = ''], not) => `PKTTYPE ${not === '' ? '=' : '!='} ${value}`,
  'ttl-eq': named('TTL match TTL =='),
  'ttl-lt': named('TTL match TTL <'),
  'ttl-gt': named('TTL match TTL >'),
  'reject-with': named('reject-with'),
  'nflog-prefix': ([value = '']) => `nflog-prefix "${value}"`,
  'nflog-group': named('nflog-group'),
  'set-xmark': ([value = '']) => `MARK set ${value.replace('/0xffffffff', '')}`,
  'to-ports': named('redir ports'),
  'to-destination': ([value = '']) => `to:${value}`,
};

/** Matches that name themselves before their options. */
const NAMED_MATCHES = ['tcp', 'udp', 'udplite', 'sctp', 'dccp'];

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
const LOG_FLAGS = ['log-tcp-sequence', 'log-tcp-options', 'log-ip-options', 'log-uid', '', 'log-macdecode'];

/** `words`: the rule's words that have no column of their own; '' where there is nothing to say. */
export function describeRule(words: readonly string[], target: string): string {
  const said: string[] = [];
  const given = new Map<string, string>();
  for (const { not, name, values } of groupWords(words)) {
    const wording = OPTIONS[name];
    given.set(name, values[0] ?? '');
    if (name.startsWith('m ') && NAMED_MATCHES.includes(name.slice(2))) said.push(name.slice(2));
    else if (wording) said.push(wording(values, not));
    // The burst is said also where it is the default, which iptables-save leaves out.
    if (name === 'limit' && !words.includes('--limit-burst')) said.push('burst 5');
  }
  return [...said, ...(target === 'LOG' ? [describeLog(given)] : [])].join(' ');
}

type Group = { readonly not: '' | '! '; readonly name: string; readonly values: readonly string[] };

/** `-m tcp ! --dport 25` is the match `m tcp` and the negated option `dport` with one value. */
function groupWords(words: readonly string[]): Group[] {
  const groups: { not: '' | '! '; name: string; values: string[] }[] = [];
  words.forEach((word, index) => {
    const not = words[index - 1] === '!' ? '! ' : '';
    const isValue = words[index - 1]?.startsWith('--') === true && TAKES_TEXT.includes(words[index - 1] ?? '');
    if (!isValue && word.startsWith('--')) groups.push({ not, name: word.slice(2), values: [] });
    else if (!isValue && word === '-m') groups.push({ not: '', name: `m ${words[index + 1]}`, values: [] });
    else if (isValue || word !== '!') groups.at(-1)?.values.push(word);
  });
  return groups;
}

/** Options whose value may look like an option or a `!`. */
const TAKES_TEXT = ['--comment', '--log-prefix', '--nflog-prefix'];

/** `SYN,ACK` is 0x12. */
function flagBits(names: string): string {
  const bits = names.split(',').reduce((sum, name) => sum | (FLAGS.includes(name) ? 1 << FLAGS.indexOf(name) : 0), 0);
  return `0x${bits.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** `LOG flags 0 level 4 prefix "OUT: "` */
function describeLog(given: ReadonlyMap<string, string>): string {
  const flags = LOG_FLAGS.reduce((sum, name, bit) => (given.has(name) ? sum | (1 << bit) : sum), 0);
  const prefix = given.get('log-prefix');
  return `LOG flags ${flags} level ${given.get('log-level') ?? 4}${prefix === undefined ? '' : ` prefix "${prefix}"`}`;
}
