// Random rulesets in iptables' language: whatever loads, with values that often meet the conversations on lo.
import type { Random } from './random.ts';
import { addresses, type Family, ports } from './server.ts';

type Table = 'raw' | 'mangle' | 'nat' | 'filter' | 'security';
type Builtin = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';
type Place = {
  readonly random: Random;
  readonly family: Family;
  readonly table: Table;
  readonly builtin: Builtin;
  readonly prefix: string;
  /** Whether the ruleset is about headers: what its mangle table sets, its matches read. */
  readonly themed: boolean;
};

const builtins: Record<Table, readonly Builtin[]> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** How often a table is there, and how much stands in its chains. */
const share: Record<Table, number> = { raw: 0.2, mangle: 0.25, nat: 0.2, filter: 1, security: 0.08 };

/** Against 6 for ACCEPT: few conversations would work if every table dropped as much as filter does. */
const dropShare: Record<Table, number> = { raw: 0.2, mangle: 0.2, nat: 0, filter: 1, security: 0.4 };

/** The lines of a random iptables-save text for one family; its LOG rules have the prefix. */
export function randomIptables(random: Random, family: Family, prefix: string): string[] {
  const themed = random.chance(0.4);
  const tables = (['raw', 'mangle', 'nat', 'filter', 'security'] as const).filter((table) =>
    random.chance(themed && table === 'mangle' ? 1 : share[table]),
  );
  return tables.flatMap((table) => tableLines({ random, family, table, prefix, themed }));
}

function tableLines(given: Omit<Place, 'builtin'>): string[] {
  const { random, table } = given;
  const heads: string[] = [];
  const rules: string[] = [];
  for (const builtin of builtins[table]) {
    const place: Place = { ...given, builtin };
    const drops = table !== 'nat' && builtin !== 'FORWARD' && random.chance(table === 'filter' ? 0.15 : 0.02);
    heads.push(`:${builtin} ${drops ? 'DROP' : 'ACCEPT'} [0:0]`);
    const own = Array.from({ length: ownChains(place) }, (_, number) => `${builtin.toLowerCase()}-${number}`);
    heads.push(...own.map((chain) => `:${chain} - [0:0]`));
    rules.push(...chainRules(place, builtin, own, ruleCount(place)));
    own.forEach((chain, number) => {
      // A chain jumps only to later ones: the kernel refuses loops.
      rules.push(...chainRules(place, chain, own.slice(number + 1), random.int(1, 4)));
    });
  }
  return [`*${table}`, ...heads, ...rules, 'COMMIT'];
}

function ownChains({ random, table, builtin }: Place): number {
  if (builtin === 'FORWARD') return 0;
  return table === 'filter' ? random.int(0, 3) : random.int(0, 1);
}

function ruleCount({ random, table, builtin }: Place): number {
  if (builtin === 'FORWARD') return 0;
  if (table === 'filter') return builtin === 'OUTPUT' ? random.int(1, 9) : random.int(0, 4);
  return random.int(0, 3);
}

function chainRules(place: Place, chain: string, jumps: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => `-A ${chain} ${rule(place, jumps)}`);
}

function rule(place: Place, jumps: readonly string[]): string {
  const { random, table } = place;
  const protocol = random.weighted([
    [4, 'tcp'],
    [3, 'udp'],
    [1, 'icmp'],
    [4, null],
  ] as const);
  const kinds = new Set<(place: Place) => string>();
  for (let left = random.int(protocol === null ? 0 : -1, 2); left > 0; left--) kinds.add(match(place));
  const matches = [...kinds].map((kind) => kind(place));
  if (table === 'mangle' && random.chance(0.06)) return segmentRule(place);
  if (protocol !== null) matches.unshift(protocolMatch(place, protocol));
  return [...matches, target(place, protocol, jumps)].join(' ').trim();
}

/** Reads or sets the largest segment that a SYN offers. */
function segmentRule(place: Place): string {
  const { random, prefix, builtin } = place;
  const sends = builtin === 'OUTPUT' || builtin === 'POSTROUTING';
  const syn = '-p tcp -m tcp --tcp-flags SYN,RST SYN';
  const does = random.pick(['ACCEPT', 'DROP', `LOG --log-prefix "${prefix} "`]);
  return random.pick([
    `${syn} -m tcpmss ${not(place)}--mss ${random.pick(['0:400', '400', '500:65535', '1400', '65535'])} -j ${does}`,
    `${syn} -j TCPMSS ${random.pick(['--set-mss 400', '--set-mss 1400', ...(sends ? ['--clamp-mss-to-pmtu'] : [])])}`,
  ]);
}

const not = ({ random }: Place) => (random.chance(0.15) ? '! ' : '');

function protocolMatch(place: Place, protocol: 'tcp' | 'udp' | 'icmp'): string {
  const { random, family } = place;
  if (protocol === 'icmp') {
    const name = family === 'ip' ? 'icmp' : 'ipv6-icmp';
    if (random.chance(0.4)) return `-p ${name}`;
    return family === 'ip'
      ? `-p icmp -m icmp ${not(place)}--icmp-type ${random.pick(['8', '0', '3', '3/3', '3/10', '3/13', 'any', 'echo-request'])}`
      : `-p ipv6-icmp -m icmp6 ${not(place)}--icmpv6-type ${random.pick(['128', '129', '1', '1/4', '1/1', 'echo-reply'])}`;
  }
  const kind = random.weighted([
    [3, 'plain'],
    [6, 'port'],
    [3, 'multiport'],
    [protocol === 'tcp' ? 3 : 0, 'flags'],
  ] as const);
  switch (kind) {
    case 'plain':
      return `-p ${protocol}`;
    case 'port':
      return `-p ${protocol} -m ${protocol} ${not(place)}${random.chance(0.7) ? '--dport' : '--sport'} ${portRange(random)}`;
    case 'multiport': {
      const list = [...random.some(ports, 1, 4), ...(random.chance(0.4) ? [portRange(random)] : [])].join(',');
      return `-p ${protocol} -m multiport ${not(place)}${random.pick(['--dports', '--dports', '--sports', '--ports'])} ${list}`;
    }
    case 'flags':
      return `-p tcp -m tcp ${not(place)}${random.pick(tcpFlags)}`;
  }
}

const tcpFlags = [
  '--syn',
  '--tcp-flags SYN,ACK SYN,ACK',
  '--tcp-flags FIN,SYN,RST,ACK ACK',
  '--tcp-flags SYN,RST SYN',
  '--tcp-flags ALL NONE',
  '--tcp-flags PSH PSH',
  '--tcp-flags RST RST',
];

function portRange(random: Random): string {
  return random.weighted([
    [10, `${random.pick(ports)}`],
    [2, '1024:65535'],
    [1, '0:1023'],
    [1, '10000:20000'],
    [1, `${random.int(1, 100)}:${random.int(101, 6000)}`],
  ] as const);
}

/** A kind of match; the kernel's tools take most kinds only once a rule. */
function match({ random, builtin, themed }: Place): (place: Place) => string {
  const sends = builtin === 'OUTPUT' || builtin === 'POSTROUTING';
  return random.weighted([
    [10, interfaceMatch],
    [8, addressMatch],
    [12, conntrackMatch],
    [4, markMatch],
    [sends ? 4 : 0, ownerMatch],
    [3, addressTypeMatch],
    [themed ? 12 : 1, headerMatch],
    [1, commentMatch],
  ]);
}

function commentMatch({ random }: Place): string {
  return `-m comment --comment "${random.pick(['plain', 'with -j DROP in it', "it's", 'say \\"hi\\"', '-A OUTPUT'])}"`;
}

function interfaceMatch(place: Place): string {
  const { random, builtin } = place;
  const name = random.weighted([
    [8, 'lo'],
    [2, 'eth0'],
    [1, 'l+'],
    [1, 'eth+'],
    [1, 'lo+'],
  ] as const);
  const incoming = builtin === 'PREROUTING' || builtin === 'INPUT';
  return `${not(place)}${incoming ? '-i' : '-o'} ${name}`;
}

const networks: Record<Family, readonly string[]> = {
  ip: [
    ...addresses.ip,
    '127.0.0.0/8',
    '127.0.0.0/8',
    '192.0.2.0/24',
    '10.0.0.0/8',
    '127.0.0.1/255.0.0.255',
    '128.0.0.0/1',
    '0.0.0.0/0',
  ],
  ip6: [...addresses.ip6, '::1/128', 'fd00::/8', 'fe80::/10', '::/0', '::/64', 'fd00::10/ffff::ffff'],
};

function addressMatch(place: Place): string {
  const { random, family } = place;
  if (family === 'ip' && random.chance(0.15)) {
    const range = random.pick(['127.0.0.1-127.0.0.4', '127.0.0.2-192.0.2.10', '192.0.2.1-192.0.2.9']);
    return `-m iprange ${not(place)}${random.pick(['--src-range', '--dst-range'])} ${range}`;
  }
  const network = random.pick(networks[family]);
  // Nothing lies outside of everything: the tools refuse that.
  return `${network.endsWith('/0') ? '' : not(place)}${random.chance(0.7) ? '-d' : '-s'} ${network}`;
}

function conntrackMatch(place: Place): string {
  const { random } = place;
  if (random.chance(0.25)) return connectionMatch(place);
  const states = random.some(['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED'], 1, 3).join(',');
  return random.chance(0.5)
    ? `-m state ${not(place)}--state ${states}`
    : `-m conntrack ${not(place)}--ctstate ${states}`;
}

function connectionMatch(place: Place): string {
  const { random, family } = place;
  return random.pick([
    () => `-m conntrack --ctdir ${random.pick(['ORIGINAL', 'REPLY'])}`,
    () =>
      `-m conntrack ${not(place)}--ctstatus ${random.pick(['SEEN_REPLY', 'ASSURED', 'CONFIRMED', 'EXPECTED', 'NONE'])}`,
    () => `-m conntrack ${not(place)}--ctproto ${random.pick(['6', '17'])}`,
    () => `-m conntrack ${not(place)}--ctorigdst ${random.pick(addresses[family])}`,
    () => `-m conntrack ${not(place)}--ctorigsrc ${random.pick(addresses[family])}`,
    () => `-m conntrack ${not(place)}--ctreplsrc ${random.pick(addresses[family])}`,
    () => `-m conntrack ${not(place)}--ctorigdstport ${random.pick(ports)}`,
    () => `-m conntrack --ctstate ${random.pick(['DNAT', 'SNAT', 'NEW,DNAT'])}`,
  ])();
}

function markMatch(place: Place): string {
  const { random } = place;
  return `-m ${random.pick(['mark', 'mark', 'connmark'])} ${not(place)}--mark ${random.pick(['0x0', '0x1', '0x2', '0x1/0x1', '0x2/0x3', '0x0/0xff'])}`;
}

function ownerMatch(place: Place): string {
  const { random } = place;
  return `-m owner ${not(place)}${random.pick(['--uid-owner 0', '--uid-owner 33', '--uid-owner 1-99', '--gid-owner 0', '--socket-exists'])}`;
}

function addressTypeMatch(place: Place): string {
  const { random, family } = place;
  const types =
    family === 'ip'
      ? ['LOCAL', 'LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST']
      : ['LOCAL', 'LOCAL', 'UNICAST', 'MULTICAST'];
  return `-m addrtype ${not(place)}--${random.pick(['dst', 'src'])}-type ${random.pick(types)}`;
}

function headerMatch(place: Place): string {
  const { random, family } = place;
  return random.pick([
    () => `-m length ${not(place)}--length ${random.pick(['0:50', '40:100', '60', '1000:65535'])}`,
    () =>
      family === 'ip'
        ? `-m ttl --ttl-${random.pick(['eq 64', 'lt 64', 'gt 10'])}`
        : `-m hl --hl-${random.pick(['eq 64', 'lt 64', 'gt 10'])}`,
    () => `-m dscp ${not(place)}--dscp ${random.pick(['0x00', '0x08', '0x04', '0x30', '0x0a'])}`,
    () =>
      `-m tos ${not(place)}--tos ${random.pick(['0x10/0x3f', '0x10/0xff', '0x00/0xff', '0x02/0x03', '0xc0/0xc0', '0x28/0xfc'])}`,
    () => `-m ecn ${not(place)}--ecn-ip-ect ${random.int(0, 3)}`,
    () =>
      `-m policy --dir ${place.builtin === 'INPUT' || place.builtin === 'PREROUTING' ? 'in' : 'out'} --pol ${random.pick(['none', 'ipsec'])}`,
    () => `-m pkttype ${not(place)}--pkt-type ${random.pick(['unicast', 'broadcast', 'multicast'])}`,
  ])();
}

function target(place: Place, protocol: 'tcp' | 'udp' | 'icmp' | null, jumps: readonly string[]): string {
  const { random, table, prefix, themed } = place;
  const jump = jumps.length === 0 ? '' : random.pick(jumps);
  const kind = random.weighted([
    [6, '-j ACCEPT'],
    [dropShare[table], '-j DROP'],
    [table === 'filter' ? 1 : 0, 'reject'],
    [jumps.length === 0 ? 0 : 5, `-j ${jump}`],
    [jumps.length === 0 ? 0 : 1, `-g ${jump}`],
    [2, '-j RETURN'],
    [4, 'log'],
    [0.5, ''],
    [0.3, '-j NFLOG --nflog-group 3'],
    [table === 'mangle' || table === 'raw' ? 5 : 0.3, 'mark'],
    [table === 'raw' ? 4 : 0, '-j CT --notrack'],
    [table === 'raw' ? 1.5 : 0, '-j CT --zone 5'],
    [table === 'raw' ? 0.3 : 0, '-j CT --zone mark'],
    [table === 'raw' ? 0.3 : 0, `-j CT --zone-${random.pick(['orig', 'reply'])} 5`],
    [table === 'mangle' ? (themed ? 16 : 4) : 0, 'header'],
    [table === 'nat' && protocol !== null && protocol !== 'icmp' ? 10 : 0, 'nat'],
  ] as const);
  switch (kind) {
    case 'reject':
      return `-j REJECT --reject-with ${rejectKind(place, protocol)}`;
    case 'log': {
      const options = random.weighted([
        [5, ''],
        [1, ' --log-uid'],
        [1, ' --log-tcp-options'],
        [1, ' --log-level 7'],
      ] as const);
      return `-j LOG --log-prefix "${prefix} "${options}`;
    }
    case 'mark':
      return markTarget(random);
    case 'header':
      return headerTarget(place, protocol);
    case 'nat':
      return natTarget(place);
    default:
      return kind;
  }
}

function rejectKind({ random, family }: Place, protocol: 'tcp' | 'udp' | 'icmp' | null): string {
  if (protocol === 'tcp' && random.chance(0.5)) return 'tcp-reset';
  return family === 'ip'
    ? random.pick(['icmp-port-unreachable', 'icmp-host-prohibited', 'icmp-admin-prohibited', 'icmp-net-unreachable'])
    : random.pick(['icmp6-port-unreachable', 'icmp6-adm-prohibited', 'icmp6-no-route']);
}

function markTarget(random: Random): string {
  const value = random.pick(['0x1', '0x2', '0x3']);
  return random.pick([
    `-j MARK --set-xmark ${value}/0xffffffff`,
    `-j MARK --set-xmark ${value}/0x3`,
    `-j MARK --or-mark ${value}`,
    `-j MARK --and-mark ${value}`,
    `-j CONNMARK --set-xmark ${value}/0xffffffff`,
    '-j CONNMARK --save-mark',
    '-j CONNMARK --restore-mark',
    '-j CONNMARK --save-mark --nfmask 0x3 --ctmask 0xff --left-shift-mark 1',
    '-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0x3 --right-shift-mark 1',
  ]);
}

function headerTarget({ random, family, builtin }: Place, protocol: 'tcp' | 'udp' | 'icmp' | null): string {
  const limit = family === 'ip' ? 'TTL --ttl' : 'HL --hl';
  const sends = builtin === 'OUTPUT' || builtin === 'POSTROUTING';
  return random.weighted([
    [3, `-j ${limit}-set ${random.pick(['5', '64'])}`],
    [1, `-j ${limit}-${random.pick(['dec', 'inc'])} 1`],
    [2, `-j DSCP --set-dscp ${random.pick(['0x08', '0x04'])}`],
    [2, '-j DSCP --set-dscp-class AF11'],
    [2, `-j TOS --set-tos ${random.pick(['0x10', '0x10/0x3c', 'Minimize-Delay', '0xff', '0x02/0x03'])}`],
    [2, `-j TOS ${random.pick(['--and-tos 0x10', '--or-tos 0x12', '--xor-tos 0x11'])}`],
    [sends ? 3 : 0, `-j CLASSIFY --set-class ${random.pick(['1:10', '0:0', '0:6'])}`],
    [
      family === 'ip' && protocol === 'tcp' ? 4 : 0,
      `-j ECN ${random.pick(['--ecn-tcp-remove', '--ecn-ip-ect 1', '--ecn-ip-ect 0'])}`,
    ],
    [
      protocol === 'tcp' ? 4 : 0,
      `-j TCPOPTSTRIP --strip-options ${random.pick(['mss', 'timestamp', 'sack-permitted,wscale'])}`,
    ],
    [1, '-j CHECKSUM --checksum-fill'],
  ] as const);
}

function natTarget({ random, family, builtin }: Place): string {
  const address = random.pick(addresses[family]);
  const port = random.pick(ports);
  if (builtin === 'OUTPUT' || builtin === 'PREROUTING') {
    const host = family === 'ip' ? address : `[${address}]`;
    return random.pick([
      `-j REDIRECT --to-ports ${port}`,
      `-j DNAT --to-destination ${host}:${port}`,
      `-j DNAT --to-destination ${address}`,
    ]);
  }
  if (builtin === 'POSTROUTING' && random.chance(0.3)) return '-j MASQUERADE';
  return random.pick([`-j SNAT --to-source ${address}`, '-j ACCEPT', '-j RETURN']);
}
