// The matches and targets that the practice server's iptables knows, and how it prints their options.
import { parseIcmpType } from '../../../firewall/iptables/icmp-types.ts';
import { wrongUsage } from './iptables-error.ts';
import {
  CT_STATES,
  quoteAlways,
  quoteIfNeeded,
  readFlags,
  readLevel,
  readMark,
  readNumberOption,
  readPorts,
  readRate,
  readSetMark,
  readStates,
  readUserRange,
  STATES,
} from './option-values.ts';

/** What an option is read with. `user` turns a user's name into its number. */
export type PrintContext = { readonly family: 'ip' | 'ip6'; readonly user: (name: string) => number | null };

/** An option: how many words it takes, and these as iptables-save prints them; null where it leaves the option out (a default). */
export type PracticeOption = {
  readonly arity: 0 | 1 | 2;
  readonly print: (words: readonly string[], reading: PrintContext) => string | null;
  /** The option under which it is printed (`--syn` is `--tcp-flags`). */
  readonly as?: string;
};

/** A match or target: its options in the order in which they are printed. `needs`: what has to be given, else the message. */
export type PracticeExtension = {
  readonly options: Readonly<Record<string, PracticeOption>>;
  readonly defaults?: readonly string[];
  readonly needs?: string;
};

/** The match of that name, or null. */
export function findPracticeMatch(name: string, family: 'ip' | 'ip6'): PracticeExtension | null {
  if (name === 'icmp' && family === 'ip') return icmp('icmp');
  if (name === 'icmp6' && family === 'ip6') return icmp('icmpv6');
  return MATCHES[name] ?? null;
}

/** The target extension of that name, or null. */
export function findPracticeTarget(name: string, family: 'ip' | 'ip6'): PracticeExtension | null {
  return name === 'REJECT' ? reject(family) : (TARGETS[name] ?? null);
}

const one = (print: PracticeOption['print']): PracticeOption => ({ arity: 1, print });
const verbatim = one(([word = '']) => word);
const port = one(([word = '']) => readPorts(word));
const ports = one(([word = '']) => word.split(',').map(readPorts).join(','));
const sameAs = (option: PracticeOption, as: string): PracticeOption => ({ ...option, as });

const portOptions = {
  sport: port,
  'source-port': sameAs(port, 'sport'),
  dport: port,
  'destination-port': sameAs(port, 'dport'),
};

const tcpFlags: PracticeOption = { arity: 2, print: (words) => words.map(readFlags).join(' ') };

const MATCHES: Readonly<Record<string, PracticeExtension>> = {
  tcp: {
    options: {
      ...portOptions,
      'tcp-flags': tcpFlags,
      syn: { arity: 0, print: () => 'FIN,SYN,RST,ACK SYN', as: 'tcp-flags' },
    },
  },
  udp: { options: portOptions },
  udplite: { options: portOptions },
  sctp: { options: portOptions },
  dccp: { options: portOptions },
  multiport: {
    options: {
      sports: ports,
      'source-ports': sameAs(ports, 'sports'),
      dports: ports,
      'destination-ports': sameAs(ports, 'dports'),
      ports,
    },
    needs: 'multiport expection an option',
  },
  conntrack: {
    options: { ctstate: one(([word = '']) => readStates(word, CT_STATES, 'ctstate')) },
    needs: 'conntrack: At least one option is required',
  },
  state: {
    options: { state: one(([word = '']) => readStates(word, STATES, 'state')) },
    needs: 'state: option "--state" must be specified',
  },
  comment: {
    options: { comment: one(([word = '']) => quoteIfNeeded(word)) },
    needs: 'comment: option "--comment" must be specified\n',
  },
  limit: {
    options: {
      limit: one(([word = '']) => readRate(word)),
      'limit-burst': one(([word = '']) => (readNumberOption(word, 'limit', 'limit-burst', 10_000) === 5 ? null : word)),
    },
    defaults: ['limit', '3/hour'],
  },
  owner: {
    options: {
      'uid-owner': one(([word = ''], { user }) => readUserRange(word, user, 'uid-owner')),
      'gid-owner': one(([word = ''], { user }) => readUserRange(word, user, 'gid-owner')),
    },
    needs: 'owner: At least one of --uid-owner, --gid-owner or --socket-exists is required',
  },
  mark: {
    options: { mark: one(([word = '']) => readMark(word, 'mark')) },
    needs: 'mark: option "--mark" must be specified',
  },
  addrtype: {
    options: { 'src-type': verbatim, 'dst-type': verbatim },
    needs: 'addrtype: you must specify --src-type or --dst-type',
  },
  pkttype: { options: { 'pkt-type': verbatim }, needs: 'pkttype: option "--pkt-type" must be specified' },
  ttl: {
    options: { 'ttl-eq': verbatim, 'ttl-lt': verbatim, 'ttl-gt': verbatim },
    needs: "TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt",
  },
};

const TARGETS: Readonly<Record<string, PracticeExtension>> = {
  LOG: {
    options: {
      'log-prefix': one(([word = '']) => quoteAlways(word.slice(0, 29))),
      'log-level': one(([word = '']) => readLevel(word)),
      'log-tcp-sequence': { arity: 0, print: () => '' },
      'log-tcp-options': { arity: 0, print: () => '' },
      'log-ip-options': { arity: 0, print: () => '' },
      'log-uid': { arity: 0, print: () => '' },
      'log-macdecode': { arity: 0, print: () => '' },
    },
  },
  NFLOG: {
    options: {
      'nflog-prefix': one(([word = '']) => quoteIfNeeded(word)),
      'nflog-group': one(([word = '']) => `${readNumberOption(word, 'NFLOG', 'nflog-group', 0xffff)}`),
    },
  },
  MARK: {
    options: {
      'set-xmark': one(([word = '']) => readSetMark(word)),
      'set-mark': { arity: 1, print: ([word = '']) => readSetMark(word), as: 'set-xmark' },
    },
    needs: 'MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required',
  },
  REDIRECT: { options: { 'to-ports': one(([word = '']) => readPorts(word.replace('-', ':')).replace(':', '-')) } },
  DNAT: { options: { 'to-destination': verbatim }, needs: 'DNAT: option "--to-destination" must be specified' },
  MASQUERADE: { options: {} },
};

function icmp(protocol: 'icmp' | 'icmpv6'): PracticeExtension {
  const print: PracticeOption['print'] = ([word = '']) => {
    if (word === 'any') return 'any';
    const found = parseIcmpType(word, protocol);
    if (found === null) throw wrongUsage(`Invalid ICMP${protocol === 'icmp' ? '' : 'v6'} type \`${word}'\n`);
    const { type, codes } = found;
    return codes === null ? `${type}` : `${type}/${codes.from}`;
  };
  const name = protocol === 'icmp' ? 'icmp-type' : 'icmpv6-type';
  return { options: { [name]: one(print) }, needs: `${protocol}: option "--${name}" must be specified` };
}

/** A reject type may be shortened; the first one that fits is meant. */
function reject(family: 'ip' | 'ip6'): PracticeExtension {
  const print: PracticeOption['print'] = ([word = '']) => {
    const found = REJECT_TYPES[family].find((names) => names.some((name) => name.startsWith(word)));
    if (found === undefined) throw wrongUsage(`unknown reject type "${word}"`);
    return found[0] ?? '';
  };
  return {
    options: { 'reject-with': one(print) },
    defaults: ['reject-with', family === 'ip' ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'],
  };
}

const REJECT_TYPES = {
  ip: [
    ['icmp-net-unreachable', 'net-unreach'],
    ['icmp-host-unreachable', 'host-unreach'],
    ['icmp-proto-unreachable', 'proto-unreach'],
    ['icmp-port-unreachable', 'port-unreach'],
    ['icmp-net-prohibited', 'net-prohib'],
    ['icmp-host-prohibited', 'host-prohib'],
    ['tcp-reset', 'tcp-rst'],
    ['icmp-admin-prohibited', 'admin-prohib'],
  ],
  ip6: [
    ['icmp6-no-route', 'no-route'],
    ['icmp6-adm-prohibited', 'adm-prohibited'],
    ['icmp6-addr-unreachable', 'addr-unreach'],
    ['icmp6-port-unreachable', 'port-unreach'],
    ['tcp-reset', 'tcp-reset'],
  ],
} as const;
