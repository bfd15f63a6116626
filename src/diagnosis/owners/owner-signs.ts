// The marks that programs leave in the rules they make, and what becomes of rules made by hand beside them.
import { PASSING_CHAINS } from '../../firewall/iptables/read/leave-out-passing-rules.ts';
import type { Table } from '../../firewall/model/model.ts';

/** How a program's rules look: chains of iptables, tables of nft (`inet firewalld`), prefixes of log rules; a loader's look like anybody's. */
export type Sign = {
  readonly name: string;
  readonly part: 'policy' | 'loader' | 'chains';
  readonly chains?: RegExp;
  readonly tables?: RegExp;
  readonly prefixes?: RegExp;
  /** Whose rules bear no mark: the layer that they are in. */
  readonly unmarked?: Table['layer'];
  /** Of such tables, those of iptables-nft are somebody else's where there are some of iptables-legacy. */
  readonly prefersLegacy?: true;
  readonly overwrites: string | null;
};

/** Generators make the tables that they use anew, whoever has put something there. */
const anew = (name: string): string =>
  `each start of ${name} writes all its tables anew, and what was added by hand is gone then`;

/** Those who say what passes come first, then those who load a file, then those with chains of their own. */
export const SIGNS: readonly Sign[] = [
  { name: 'ufw', part: 'policy', chains: /^ufw6?-/, overwrites: 'ufw reload makes the ufw chains anew from its files' },
  {
    name: 'firewalld',
    part: 'policy',
    chains:
      /^(IN|FWD[IO]?|PRE|POST)_(public|drop|block|trusted|home|work|dmz|internal|external)$|^(INPUT|OUTPUT)_(direct|ZONES)$/,
    tables: /^(inet|ip6?) firewalld$/,
    overwrites: 'firewall-cmd --reload makes its table and its direct rules anew from its permanent configuration',
  },
  {
    name: 'shorewall',
    part: 'policy',
    chains: /^shorewall$/,
    prefixes: /^Shorewall6?:/,
    overwrites: anew('shorewall'),
  },
  {
    name: 'firehol',
    part: 'policy',
    // Since 3, a service has no chain of its own, and what logs says more.
    chains: /^(in|out)_[\w-]+_[\w-]+_[sc]\d+$/,
    prefixes: /^'?((IN|OUT|PASS)-unknown:|\w+ (UNMATCHED (IN|OUT|PASS)-|INVALID (in_|out_|INPUT:|OUTPUT:|FORWARD:)))/,
    overwrites: anew('firehol'),
  },
  {
    name: 'csf',
    part: 'policy',
    chains: /^(LOCALINPUT|LOCALOUTPUT|LOGDROPIN|LOGDROPOUT)$/,
    prefixes: /^Firewall: \*/,
    overwrites: anew('csf'),
  },
  {
    name: 'arno-iptables-firewall',
    part: 'policy',
    chains: /^(BASE|EXT|INT|DMZ|POST)_OUTPUT_CHAIN$/,
    prefixes: /^AIF:/,
    overwrites: anew('arno-iptables-firewall'),
  },
  // It takes iptables-legacy wherever that is installed, whatever plain iptables is.
  { name: 'ferm', part: 'policy', unmarked: 'iptables', prefersLegacy: true, overwrites: anew('ferm') },
  {
    name: 'netfilter-persistent',
    part: 'loader',
    unmarked: 'iptables',
    overwrites: 'netfilter-persistent start and the next boot load the saved rules in place of those in force',
  },
  {
    name: 'iptables-services',
    part: 'loader',
    unmarked: 'iptables',
    overwrites: 'a restart of its services and the next boot load the saved rules in place of those in force',
  },
  {
    name: 'nftables',
    part: 'loader',
    unmarked: 'nftables',
    overwrites:
      'nftables.service loads /etc/nftables.conf, which mostly begins with flush ruleset: that ends the rules of everybody',
  },
  { name: 'docker', part: 'chains', chains: PASSING_CHAINS.docker, tables: /^ip6? docker-bridges$/, overwrites: null },
  {
    name: 'fail2ban',
    part: 'chains',
    chains: PASSING_CHAINS.fail2ban,
    tables: /^(inet|ip6?) f2b-table$/,
    overwrites: null,
  },
  { name: 'podman', part: 'chains', chains: PASSING_CHAINS.podman, tables: /^inet netavark$/, overwrites: null },
  {
    name: 'kubernetes',
    part: 'chains',
    chains: PASSING_CHAINS.kubernetes,
    tables: /^ip6? kube-proxy$/,
    overwrites: null,
  },
  {
    name: 'libvirt',
    part: 'chains',
    chains: PASSING_CHAINS.libvirt,
    tables: /^ip6? libvirt_network$/,
    overwrites: null,
  },
];
