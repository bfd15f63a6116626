// Random rulesets in nft's language, one command a line, so that each line can be left out when a ruleset is made smaller.
import type { Random } from './random.ts';
import { addresses, ports } from './server.ts';

type TableFamily = 'ip' | 'ip6' | 'inet';
type Hook = 'prerouting' | 'input' | 'output' | 'postrouting';
type ChainType = 'filter' | 'nat' | 'route';
type BasePlace = {
  readonly random: Random;
  readonly family: TableFamily;
  readonly hook: Hook;
  readonly type: ChainType;
  readonly prefix: string;
  readonly table: string;
  readonly theme: Theme;
};
/** A field that the rules of a ruleset often set and read, so that what is set is read. */
type Theme = 'priority' | 'dscp' | 'ecn' | 'segment' | 'zone' | 'type' | 'ttl' | 'mark' | null;
/** A rule's place. nft refuses to load a rule that wants both IP versions at once, so each is about one, or neither. */
type Place = BasePlace & { readonly version: 'ip' | 'ip6' };
type Protocol = 'tcp' | 'udp' | 'icmp' | null;

const namedPriorities: Record<Hook, readonly string[]> = {
  prerouting: ['raw', 'mangle', '-200', 'filter', '-350'],
  input: ['mangle', 'filter', 'security', '-10', '5'],
  output: ['raw', 'mangle', 'filter', 'filter', 'security', '-10', '5', '-350'],
  postrouting: ['mangle', 'filter', '150'],
};

const natPriorities: Record<Hook, string> = {
  prerouting: 'dstnat',
  input: '100',
  output: '-100',
  postrouting: 'srcnat',
};

/** The lines of a random nft script: one to three tables; its log statements have the prefix. */
export function randomNft(random: Random, prefix: string): string[] {
  const theme = random.chance(0.5) ? null : random.pick(themes);
  const tables = Array.from(
    {
      length: random.weighted([
        [5, 1],
        [3, 2],
        [1, 3],
      ]),
    },
    (_, number) => {
      const family = random.weighted([
        [3, 'inet'],
        [2, 'ip'],
        [2, 'ip6'],
      ] as const);
      return tableLines({ random, family, prefix, theme }, `t${number}`);
    },
  ).flat();
  return random.chance(0.05) ? [...tables, ...deviceLines(random, prefix, theme)] : tables;
}

/** A table of lo itself, before and behind IP: an ingress chain, mostly an egress one. */
function deviceLines(random: Random, prefix: string, theme: Theme): string[] {
  const table = 'netdev lo0';
  const hooks = (['ingress', 'egress'] as const).filter((hook) => random.chance(hook === 'ingress' ? 0.8 : 0.6));
  const chains = hooks.map(
    (hook) =>
      `add chain ${table} ${hook} { type filter hook ${hook} device lo priority ${random.int(-1, 1)}; policy accept; }`,
  );
  const rules = hooks.flatMap((hook) =>
    Array.from(
      { length: random.int(1, 3) },
      () => `add rule ${table} ${hook} ${deviceRule(random, prefix, theme, hook)}`,
    ),
  );
  return [`add table ${table}`, ...chains, ...rules];
}

function deviceRule(random: Random, prefix: string, theme: Theme, hook: 'ingress' | 'egress'): string {
  const version = random.pick(['ip', 'ip6'] as const);
  const match = random.pick([
    '',
    `meta protocol ${version}`,
    `${version} daddr ${random.pick(addresses[version])}`,
    `tcp dport ${random.pick(ports)}`,
    `udp sport ${random.pick(ports)}`,
    'meta mark 1',
    'meta priority != 0',
    `${version} dscp != cs0`,
  ]);
  const types = hook === 'ingress' ? ['host', 'broadcast', 'multicast', 'other'] : [];
  const settable = ['priority', 'dscp', 'ecn', 'mark'] as const;
  const statement = random.weighted<string>([
    [2, 'accept'],
    [0.7, 'drop'],
    [2, `log prefix "${prefix} "`],
    [
      4,
      setTheme(
        { random, version, theme: theme === 'ttl' ? theme : random.pick(settable), hook: 'output', type: 'nat' },
        null,
      ),
    ],
    ...types.map((type) => [0.8, `meta pkttype set ${type}`] as const),
  ]);
  return `${match} ${statement}`.trim();
}

const themes: readonly Theme[] = ['priority', 'dscp', 'ecn', 'segment', 'zone', 'type', 'ttl', 'mark'];

function tableLines(given: Pick<BasePlace, 'random' | 'family' | 'prefix' | 'theme'>, name: string): string[] {
  const { random, family } = given;
  const table = `${family} ${name}`;
  const chains: string[] = [];
  const rules: string[] = [];
  const base = (hook: Hook, number: number) => {
    const type = random.weighted<ChainType>([
      [10, 'filter'],
      [hook === 'output' ? 1 : 0, 'route'],
      [hook === 'input' ? 0 : 2, 'nat'],
    ]);
    const place: BasePlace = { ...given, hook, type, table };
    const chain = `${hook}-${number}`;
    const priority = type === 'nat' ? natPriorities[hook] : random.pick(namedPriorities[hook]);
    const policy = type !== 'nat' && random.chance(0.1) ? 'drop' : 'accept';
    const own = Array.from({ length: random.int(0, type === 'filter' ? 2 : 0) }, (_, place) => `${chain}-${place}`);
    chains.push(`add chain ${table} ${chain} { type ${type} hook ${hook} priority ${priority}; policy ${policy}; }`);
    chains.push(...own.map((each) => `add chain ${table} ${each}`));
    rules.push(...chainRules(place, chain, own, random.int(1, hook === 'output' ? 7 : 3)));
    own.forEach((each, number) => {
      rules.push(...chainRules(place, each, own.slice(number + 1), random.int(1, 3)));
    });
  };
  base('output', 0);
  if (random.chance(0.25)) base('output', 1);
  if (random.chance(0.4)) base('input', 0);
  if (random.chance(given.theme === 'type' || given.theme === 'zone' ? 0.7 : 0.2)) base('prerouting', 0);
  if (random.chance(0.15)) base('postrouting', 0);
  return [`add table ${table}`, ...sets(random, table), ...chains, ...rules];
}

/** Sets, maps and verdict maps that rules of the table may use. */
function sets(random: Random, table: string): string[] {
  const some = (items: readonly string[]) => random.some(items, 1, 4).join(', ');
  return [
    `add set ${table} ports { type inet_service; flags interval; auto-merge; elements = { ${some([...ports.map(String), '1000-6000', '20000-25000'])} }; }`,
    `add set ${table} hosts { type ipv4_addr; flags interval; elements = { ${some(['127.0.0.1', '127.0.0.4-127.0.0.9', '192.0.2.0/24', '10.0.0.0/8'])} }; }`,
    `add set ${table} hosts6 { type ipv6_addr; elements = { ${some([...addresses.ip6, 'fe80::1'])} }; }`,
    `add set ${table} pairs { type ipv4_addr . inet_service; elements = { ${some(addresses.ip.flatMap((address) => ports.map((port) => `${address} . ${port}`)))} }; }`,
    `add set ${table} names { type ifname; elements = { ${some(['"lo"', '"eth0"', '"eth1"'])} }; }`,
    `add map ${table} verdicts { type inet_service : verdict; elements = { ${random
      .some(ports, 1, 4)
      .map((port) => `${port} : ${random.pick(['accept', 'accept', 'drop', 'return', 'continue'])}`)
      .join(', ')} }; }`,
    `add map ${table} marks { type inet_service : mark; elements = { ${random
      .some(ports, 1, 4)
      .map((port) => `${port} : ${random.int(1, 3)}`)
      .join(', ')} }; }`,
  ];
}

function chainRules(place: BasePlace, chain: string, jumps: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => `add rule ${place.table} ${chain} ${rule(place, jumps)}`);
}

function rule(base: BasePlace, jumps: readonly string[]): string {
  const { random, family } = base;
  const place: Place = { ...base, version: family === 'inet' ? random.pick(['ip', 'ip6'] as const) : family };
  const protocol = random.weighted([
    [4, 'tcp'],
    [3, 'udp'],
    [1, 'icmp'],
    [5, null],
  ] as const);
  const kinds = new Set<(place: Place) => string>();
  for (let left = random.int(protocol === null ? 0 : -1, 2); left > 0; left--) kinds.add(match(place, protocol));
  const words = [...kinds].map((kind) => kind(place));
  // Of a rule that wants TCP's options of another protocol nft prints one half only.
  const reads =
    base.theme !== null && random.chance(0.3) && (base.theme !== 'segment' || (protocol ?? 'tcp') === 'tcp');
  if (reads) words.push(readTheme(place));
  if (protocol !== null) words.unshift(transportMatch(place, protocol));
  if (random.chance(0.2)) words.push('counter');
  return [...words, ...statements(place, protocol, jumps)].join(' ');
}

/** An operator with its right-hand side: a value, a negated one, an anonymous set, now and then negated. */
function against(random: Random, values: readonly string[], { sets = true } = {}): string {
  const one = random.pick(values);
  const list = `{ ${random.some(values, 2, 4).join(', ')} }`;
  return random.weighted([
    [6, one],
    [1.5, `!= ${one}`],
    [sets ? 3 : 0, list],
    [sets ? 0.7 : 0, `!= ${list}`],
  ] as const);
}

const portValues = [...ports.map(String), '100-2000', '1024-65535', '9000-20000'];

function portMatch(random: Random, header: string): string {
  const side = random.chance(0.75) ? 'dport' : 'sport';
  return random.weighted([
    [6, `${header} ${side} ${against(random, ports.map(String))}`],
    [2, `${header} ${side} ${random.chance(0.2) ? '!= ' : ''}${random.pick(portValues)}`],
    [2, `${header} ${side} ${random.chance(0.2) ? '!= ' : ''}@ports`],
    [1, `${header} ${side} ${random.pick(['<', '>', '<=', '>='])} ${random.pick(['1024', '80', '12000'])}`],
  ] as const);
}

function transportMatch({ random, version }: Place, protocol: 'tcp' | 'udp' | 'icmp'): string {
  if (protocol === 'icmp') {
    return version === 'ip'
      ? `icmp type ${against(random, ['echo-request', 'echo-reply', 'destination-unreachable'])}`
      : `icmpv6 type ${against(random, ['echo-request', 'echo-reply', 'destination-unreachable', 'nd-neighbor-solicit'])}`;
  }
  if (version === 'ip' && random.chance(0.12)) {
    const pairs = random.pick(['@pairs', '!= @pairs', '{ 127.0.0.1 . 25, 127.0.0.0/8 . 80-3306, 192.0.2.10 . 443 }']);
    return `ip daddr . ${protocol} dport ${pairs}`;
  }
  if (protocol === 'tcp' && random.chance(0.2)) return `tcp flags ${random.pick(tcpFlags)}`;
  return portMatch(random, protocol);
}

const tcpFlags = [
  'syn',
  '& (fin | syn | rst | ack) == syn',
  '& (syn | ack) == (syn | ack)',
  '& (fin | syn | rst | ack) != syn',
  '! syn',
  '{ syn, syn | ack }',
  '& rst == rst',
  '== ack',
];

function match({ random, hook }: Place, protocol: Protocol): (place: Place) => string {
  const sends = hook === 'output' || hook === 'postrouting';
  return random.weighted([
    [10, interfaceMatch],
    [8, addressMatch],
    [9, stateMatch],
    [4, markMatch],
    [sends ? 4 : 0, ownerMatch],
    [protocol === null ? 6 : 0, protocolMatch],
    [3, fibMatch],
    [2, headerMatch],
  ]);
}

function interfaceMatch({ random, hook }: Place): string {
  const side = hook === 'output' || hook === 'postrouting' ? 'o' : 'i';
  return random.weighted([
    [6, `${side}ifname ${against(random, ['"lo"', '"lo"', '"eth0"'], { sets: false })}`],
    [1, `${side}ifname ${random.pick(['"l*"', '"eth*"', '!= "eth*"', '{ "lo", "eth0" }', '@names', '!= @names'])}`],
    [4, `${side}if ${random.pick(['lo', 'lo', '!= lo', 'eth0', '{ lo, eth0 }'])}`],
    [0.6, `meta ${side}iftype ${random.pick(['loopback', 'ether', '!= loopback'])}`],
    [0.3, `${side === 'o' ? 'i' : 'o'}ifname ${random.pick(['"lo"', '!= "lo"'])}`],
  ] as const);
}

function addressMatch({ random, version }: Place): string {
  const side = random.chance(0.7) ? 'daddr' : 'saddr';
  if (version === 'ip6') {
    return random.weighted([
      [4, `ip6 ${side} ${against(random, addresses.ip6)}`],
      [2, `ip6 ${side} ${random.pick(['fd00::/8', '!= fd00::/8', '::/64', '@hosts6', '!= @hosts6', '::1-::5'])}`],
    ] as const);
  }
  const range = random.pick(['127.0.0.0/8', '192.0.2.0/24', '127.0.0.2-127.0.0.9', '@hosts']);
  return random.weighted([
    [4, `ip ${side} ${against(random, addresses.ip)}`],
    [4, `ip ${side} ${random.chance(0.2) ? '!= ' : ''}${range}`],
    [1, `ip ${side} & 255.0.0.255 == ${random.pick(['127.0.0.1', '127.0.0.5', '192.0.0.10'])}`],
  ] as const);
}

function stateMatch({ random, version }: Place): string {
  const states = ['new', 'established', 'related', 'invalid', 'untracked'];
  return random.weighted([
    [4, `ct state ${random.chance(0.2) ? '!= ' : ''}${random.some(states, 1, 3).join(',')}`],
    [2, `ct state { ${random.some(states, 1, 3).join(', ')} }`],
    [1, `ct direction ${random.pick(['original', 'reply'])}`],
    [1, `ct status ${random.pick(['seen-reply', 'assured', 'confirmed', 'dnat', 'expected'])}`],
    [0.5, `ct original ${version === 'ip' ? 'ip' : 'ip6'} daddr ${random.pick(addresses[version])}`],
    [
      1,
      `ct state vmap { ${random
        .some(states, 1, 3)
        .map((state) => `${state} : ${random.pick(['accept', 'accept', 'drop', 'continue'])}`)
        .join(', ')} }`,
    ],
  ] as const);
}

function markMatch({ random }: Place): string {
  return `${random.pick(['meta', 'meta', 'ct'])} mark ${random.pick(['0', '1', '2', '!= 1', '& 1 == 1', '& 3 != 2', '{ 1, 2 }', '1-5', '> 1'])}`;
}

function ownerMatch({ random }: Place): string {
  return random.pick([
    'meta skuid 0',
    'meta skuid 33',
    'meta skuid != 0',
    'meta skuid { 0, 33 }',
    'meta skuid 1-99',
    'meta skgid 0',
    'meta skgid != 0',
  ]);
}

function protocolMatch({ random, family, version }: Place): string {
  const icmp = version === 'ip' ? 'icmp' : 'ipv6-icmp';
  return random.weighted([
    [3, `meta l4proto ${against(random, ['tcp', 'udp', icmp])}`],
    [family === 'inet' ? 2 : 0, `meta nfproto ${version === 'ip' ? 'ipv4' : 'ipv6'}`],
    [2, `${version === 'ip' ? 'ip protocol' : 'ip6 nexthdr'} ${random.pick(['tcp', 'udp', '!= tcp', icmp])}`],
    [2, `meta l4proto { tcp, udp } ${portMatch(random, 'th')}`],
    [
      2,
      `meta l4proto . th dport ${random.chance(0.2) ? '!= ' : ''}{ ${random.some(transportPorts, 1, 5).join(', ')} }`,
    ],
    [1, `${version} daddr . meta l4proto { ${random.some(hostProtocols(version), 1, 3).join(', ')} }`],
    [1, `meta protocol ${random.pick([version, '{ ip, ip6 }'])}`],
  ]);
}

function hostProtocols(version: 'ip' | 'ip6'): string[] {
  return addresses[version].flatMap((address) => [`${address} . tcp`, `${address} . udp`]);
}

const transportPorts = ports.flatMap((port) => [`tcp . ${port}`, `udp . ${port}`]);

function fibMatch({ random, hook }: Place): string {
  if (hook === 'prerouting' && random.chance(0.4))
    return random.pick(['fib saddr . iif oif missing', 'fib saddr . iif oif exists', 'fib daddr . iif type local']);
  return random.pick([
    'fib daddr type local',
    'fib daddr type != local',
    'fib saddr type local',
    'fib daddr type { local, broadcast }',
    'fib daddr type unicast',
  ]);
}

function headerMatch(place: Place): string {
  const { random, version } = place;
  return random.weighted([
    [1, `meta length ${random.pick(['< 50', '40-100', '> 1000', '!= 60'])}`],
    [2, readTheme({ ...place, theme: random.pick(themes.filter((theme) => theme !== 'segment')) })],
    [0.5, version === 'ip6' ? 'ip6 dscp cs0' : 'ip dscp cs0'],
  ] as const);
}

function readTheme({ random, version, theme }: Place): string {
  switch (theme) {
    case 'priority':
      return `meta priority ${random.pick(['0', '!= 0', '1:10', '!= 1:10', '{ 0, 1:10 }', '0:6', '0:5'])}`;
    case 'dscp':
      return `${version} dscp ${random.pick(['cs0', 'cs1', '!= cs0', '{ cs0, af11 }', '0x30', '0x04'])}`;
    case 'ecn':
      return `${version} ecn ${random.pick(['not-ect', '!= not-ect', 'ect1', '{ ect0, ce }'])}`;
    case 'segment':
      return `tcp option maxseg size ${random.pick(['400', '!= 400', '500-65535', '1-400'])}`;
    case 'zone':
      return `ct zone ${random.pick(['0', '5', '!= 0'])}`;
    case 'type':
      return `meta pkttype ${random.pick(['host', 'broadcast', '!= host', 'multicast', '{ broadcast, other }'])}`;
    case 'ttl':
      return `${version === 'ip' ? 'ip ttl' : 'ip6 hoplimit'} ${random.pick(['64', '< 10', '> 10', '5', '!= 64'])}`;
    case 'mark':
    case null:
      return `meta mark ${random.pick(['0', '1', '!= 0', '{ 1, 2 }'])}`;
  }
}

function statements(place: Place, protocol: Protocol, jumps: readonly string[]): string[] {
  const { random, hook, type, prefix } = place;
  const filtering = type !== 'nat';
  const rejects = filtering && (hook === 'input' || hook === 'output');
  const jump = jumps.length === 0 ? '' : random.pick(jumps);
  const log = `log prefix "${prefix} "${random.weighted([
    [4, ''],
    [1, ' flags all'],
    [1, ' level info'],
    [1, ' flags skuid'],
  ] as const)}`;
  const themed = place.theme !== null && filtering && random.chance(0.25) ? setTheme(place, protocol) : null;
  const end = random.weighted<string>([
    [themed === null ? 0 : 100, themed ?? ''],
    [6, 'accept'],
    [filtering ? 1 : 0, 'drop'],
    [rejects ? 1 : 0, rejectStatement(place, protocol)],
    [jump === '' ? 0 : 4, `jump ${jump}`],
    [jump === '' ? 0 : 1, `goto ${jump}`],
    [
      rejects ? 1 : 0,
      `jump { ${random.pick(['accept', 'drop', 'return', `${log}; drop`, 'tcp dport 25 accept; udp dport 53 drop'])}; }`,
    ],
    [2, 'return'],
    [1, 'continue'],
    [4, log],
    [1, `${random.pick(['meta', 'meta', 'ct'])} mark set ${random.pick(['1', '2', '3', 'meta mark or 1', 'ct mark'])}`],
    [protocol === 'tcp' ? 1 : 0, 'meta mark set tcp dport map @marks'],
    [
      protocol === 'tcp' || protocol === 'udp' ? 2 : 0,
      `${protocol} dport vmap ${random.pick(['@verdicts', '{ 25 : accept, 53 : drop, 80-443 : return }'])}`,
    ],
    [jump === '' ? 0 : 2, addressMap(place, jump)],
    [
      1,
      `meta l4proto vmap { tcp : ${random.pick(['accept', 'return', 'continue'])}, udp : ${random.pick(['accept', 'accept', 'drop'])} }`,
    ],
    [type === 'filter' && (hook === 'output' || hook === 'prerouting') ? 0.4 : 0, 'notrack'],
    [type === 'filter' && hook === 'output' ? 0.3 : 0, 'ct zone set 5'],
    [
      type === 'filter' && (hook === 'output' || hook === 'prerouting') ? 0.15 : 0,
      setTheme({ ...place, theme: 'zone' }, protocol),
    ],
    [filtering ? 2 : 0, headerStatement(place, protocol)],
    [filtering && hook === 'prerouting' ? 3 : 0, setTheme({ ...place, theme: 'type' }, protocol)],
    [filtering ? 0.1 : 0, `limit rate 2/hour burst 3 packets ${log}`],
    [type === 'nat' && (protocol === 'tcp' || protocol === 'udp') ? 12 : 0, natStatement(place)],
  ]);
  return random.chance(0.2) && !/^(log|jump \{)/.test(end) ? [log, end] : [end];
}

function addressMap({ random, version }: Place, jump: string): string {
  const nets = version === 'ip' ? ['127.0.0.0/24', '192.0.2.10', '10.0.0.0/8'] : ['::1', 'fd00::/8', 'fe80::/10'];
  const verdicts = ['accept', 'drop', `jump ${jump}`, `goto ${jump}`, 'return'];
  const elements = random.some(nets, 1, 3).map((net) => `${net} : ${random.pick(verdicts)}`);
  return `${version} ${random.pick(['daddr', 'saddr'])} vmap { ${elements.join(', ')} }`;
}

function headerStatement(place: Place, protocol: Protocol): string {
  const { random, version } = place;
  return random.weighted([
    [5, setTheme({ ...place, theme: random.pick(['priority', 'dscp', 'ecn', 'ttl']) }, protocol)],
    [protocol === 'tcp' ? 2 : 0, setTheme({ ...place, theme: 'segment' }, 'tcp')],
    [0.7, `meta mark set ${random.pick(['numgen inc mod 2', `jhash ${version} saddr mod 4`])}`],
  ] as const);
}

/** Sets the field, or where the hook does not allow it, the priority. */
function setTheme(
  { random, version, theme, hook, type }: Pick<Place, 'random' | 'version' | 'theme' | 'hook' | 'type'>,
  protocol: Protocol,
): string {
  const isEarly = type === 'filter' && (hook === 'output' || hook === 'prerouting');
  const ways: Record<Exclude<Theme, null>, readonly string[]> = {
    priority: [
      ...['1:10', '0:6', 'none'].map((handle) => `meta priority set ${handle}`),
      ...(protocol === 'tcp' ? ['meta priority set tcp dport map { 25 : 1:10, 80-443 : 0:6 }'] : []),
    ],
    dscp: ['cs1', 'af11', '0x04'].map((value) => `${version} dscp set ${value}`),
    ecn: ['ect0', 'ect1', 'ce', 'not-ect'].map((value) => `${version} ecn set ${value}`),
    segment:
      protocol === 'tcp'
        ? [
            ...['400', '1400', ...(hook === 'output' || hook === 'postrouting' ? ['rt mtu'] : [])].map(
              (size) => `tcp option maxseg size set ${size}`,
            ),
            ...['maxseg', 'sack-permitted'].map((option) => `reset tcp option ${option}`),
          ]
        : [],
    zone: isEarly
      ? [
          '0',
          '5',
          `jhash ${version} saddr . ${version} daddr mod 4`,
          'numgen inc mod 2',
          'meta mark map { 1 : 5, 2 : 6 }',
        ].map((zone) => `ct zone set ${zone}`)
      : [],
    type:
      isEarly && hook === 'prerouting'
        ? [
            ...['host', 'broadcast', 'multicast', 'other'].map((name) => `meta pkttype set ${name}`),
            ...(protocol === 'tcp' ? ['meta pkttype set tcp dport map { 25 : host, 80-443 : multicast }'] : []),
          ]
        : [],
    ttl: [version === 'ip' ? 'ip ttl set 5' : 'ip6 hoplimit set 5'],
    mark: ['1', '2', 'numgen inc mod 2', `jhash ${version} saddr mod 4`].map((mark) => `meta mark set ${mark}`),
  };
  const usual = ways[theme ?? 'priority'];
  return random.pick(usual.length > 0 ? usual : ways.priority);
}

function rejectStatement({ random, family }: Place, protocol: Protocol): string {
  if (protocol === 'tcp' && random.chance(0.5)) return 'reject with tcp reset';
  switch (family) {
    case 'ip':
      return random.pick(['reject', 'reject with icmp type host-prohibited', 'reject with icmp type admin-prohibited']);
    case 'ip6':
      return random.pick(['reject', 'reject with icmpv6 type admin-prohibited']);
    case 'inet':
      return random.pick(['reject', 'reject with icmpx type admin-prohibited', 'reject with icmpx type no-route']);
  }
}

function natStatement({ random, family, version, hook }: Place): string {
  const address = random.pick(addresses[version]);
  const port = random.pick(ports);
  if (hook === 'postrouting')
    return random.pick(['masquerade', `snat ${family === 'inet' ? `${version} ` : ''}to ${address}`]);
  const to = family === 'inet' ? `dnat ${version} to` : 'dnat to';
  const withPort = version === 'ip' ? `${to} ${address}:${port}` : `${to} [${address}]:${port}`;
  return random.pick([`redirect to :${port}`, withPort, `${to} ${address}`]);
}
