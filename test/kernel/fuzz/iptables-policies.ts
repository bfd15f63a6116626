// Random outbound policies as people write them with iptables: permits, early drops, chains of their own, and an end that stops loopback.
import type { Random } from './random.ts';
import { AWAY, CLOSED_PORT } from './sent-away.ts';
import { addresses, type Family, ports } from './server.ts';

/** Where rules are written: the chain's direction, and what its LOG rules start with. */
type Place = {
  readonly random: Random;
  readonly family: Family;
  readonly direction: 'out' | 'in';
  readonly prefix: string;
};

/** How a policy is shaped: `usual`, `deep` (chains that jump on and on), `long` (hundreds of rules), `guarded` (permits that hold now and then). */
export type Shape = 'usual' | 'deep' | 'long' | 'guarded';

/** The lines of an iptables-save text of one filter table. Its OUTPUT, and often its INPUT, stops some of what goes over lo. */
export function randomPolicy(random: Random, family: Family, prefix: string, shape: Shape): string[] {
  const inward = random.chance(0.35);
  const out = policyOf({ random, family, direction: 'out', prefix }, 'OUTPUT', shape);
  const into = policyOf({ random, family, direction: 'in', prefix }, 'INPUT', 'usual');
  const sides = inward ? (random.chance(0.2) ? [into] : [out, into]) : [out];
  const heads = sides.flatMap(({ heads }) => heads);
  return ['*filter', ...heads, ...sides.flatMap(({ rules }) => rules), 'COMMIT'];
}

/** A raw or mangle table that drops early, marks, and leaves connections untracked: what a permit in front of it passes by. */
export function randomEarlyTable(random: Random, family: Family, prefix: string, table: 'raw' | 'mangle'): string[] {
  const chains = table === 'raw' ? ['OUTPUT', 'PREROUTING'] : ['OUTPUT', 'POSTROUTING', 'PREROUTING', 'INPUT'];
  const rules = random.some(chains, 1, 2).flatMap((chain) => {
    const direction = chain === 'OUTPUT' || chain === 'POSTROUTING' ? 'out' : 'in';
    const place: Place = { random, family, direction, prefix };
    return Array.from({ length: random.int(1, 4) }, () => `-A ${chain} ${earlyRule(place, table)}`);
  });
  return [`*${table}`, ...rules, 'COMMIT'];
}

function earlyRule(place: Place, table: 'raw' | 'mangle'): string {
  const { random } = place;
  const mark = `-j MARK --set-xmark ${random.pick(['0x1', '0x2'])}/0xffffffff`;
  const some = () => random.pick(['', '-p tcp ', '-p udp ', `${portMatch(place)} `, `-d ${address(place)} `]);
  return random.weighted<() => string>([
    [4, () => `${portMatch(place)} -j DROP`],
    [2, () => `${device(place, 'lo')} ${portMatch(place)} -j DROP`],
    [2, () => permitPort(place)],
    [3, () => `${some()}${mark}`],
    [table === 'raw' ? 4 : 0, () => `${some()}-j CT --notrack`],
    [table === 'mangle' ? 2 : 0, () => `${some()}-j CONNMARK --save-mark`],
    [table === 'mangle' ? 1 : 0, () => '-j CONNMARK --restore-mark'],
  ])();
}

/** A nat table that sends what goes over lo elsewhere: to a port where nobody listens, to another host, or where it goes anyway. */
export function randomRedirects(random: Random, family: Family): string[] {
  const port = () => random.pick(ports);
  const own = family === 'ip' ? '127.0.0.1' : '[::1]';
  const rules = Array.from(
    { length: random.int(1, 3) },
    () =>
      `-A OUTPUT -p ${random.pick(['tcp', 'tcp', 'udp'])} --dport ${port()} ${random.pick([
        () => `-j DNAT --to-destination ${AWAY[family]}:${port()}`,
        () => `-j REDIRECT --to-ports ${random.pick([CLOSED_PORT, port()])}`,
        () => `-j DNAT --to-destination ${own}:${port()}`,
      ])()}`,
  );
  return ['*nat', ...rules, 'COMMIT'];
}

type Side = { readonly heads: readonly string[]; readonly rules: readonly string[] };

function policyOf(place: Place, chain: string, shape: Shape): Side {
  const { random } = place;
  const depth = shape === 'deep' ? random.int(4, 9) : random.int(0, 3);
  const own = Array.from({ length: depth }, (_, number) => `${chain.toLowerCase()}-${number}`);
  const drops = random.chance(0.3);
  const rules = [
    ...body(place, chain, own, shape, bodyLength(random, shape)),
    ...(drops && random.chance(0.5) ? [] : ending(place, chain)),
    ...(random.chance(0.25) ? tooLate(place, chain) : []),
  ];
  own.forEach((name, number) => {
    rules.push(...body(place, name, own.slice(number + 1), shape === 'long' ? 'usual' : shape, random.int(1, 4)));
    if (random.chance(0.45)) rules.push(...ending(place, name));
  });
  return { heads: [`:${chain} ${drops ? 'DROP' : 'ACCEPT'} [0:0]`, ...own.map((name) => `:${name} - [0:0]`)], rules };
}

function bodyLength(random: Random, shape: Shape): number {
  return shape === 'long' ? random.int(150, 600) : random.int(0, 8);
}

function body(place: Place, chain: string, jumps: readonly string[], shape: Shape, count: number): string[] {
  const { random } = place;
  const rules = Array.from({ length: count }, () => `-A ${chain} ${bodyRule(place, jumps, shape)}`);
  // A deep policy is of no use where nothing leads down.
  if (shape === 'deep' && jumps.length > 0)
    rules.splice(random.int(0, rules.length), 0, `-A ${chain} ${jump(place, jumps.slice(0, 1))}`);
  return rules;
}

function bodyRule(place: Place, jumps: readonly string[], shape: Shape): string {
  const { random, direction } = place;
  const kind = random.weighted<(place: Place) => string>([
    [10, permitPort],
    [shape === 'guarded' ? 10 : 1, guarded],
    [4, permitState],
    [4, dropSome],
    [3, permitAddress],
    [2, permitInterface],
    [2, logSome],
    [direction === 'out' ? 3 : 0, byOwner],
    [jumps.length > 0 ? 6 : 0, (here) => jump(here, jumps)],
  ]);
  // Generated lists are of ports and addresses; what says more would decide everything at their head.
  return shape === 'long' && random.chance(0.97) ? listed(place) : kind(place);
}

const device = ({ direction }: Place, name: string, not = '') => `${not}${direction === 'out' ? '-o' : '-i'} ${name}`;

function portMatch({ random }: Place): string {
  const protocol = random.pick(['tcp', 'tcp', 'udp']);
  if (random.chance(0.3))
    return `-p ${protocol} -m multiport ${random.pick(['--dports', '--dports', '--sports'])} ${random.some(ports, 1, 4).join(',')}`;
  const value = random.weighted([
    [8, `${random.pick(ports)}`],
    [1, '1024:65535'],
    [1, '20:90'],
  ] as const);
  return `-p ${protocol} -m ${protocol} ${random.pick(['--dport', '--dport', '--dport', '--sport'])} ${value}`;
}

const permitPort = (place: Place) => `${portMatch(place)} -j ACCEPT`;

function permitState({ random }: Place): string {
  const states = random.pick(['ESTABLISHED', 'RELATED,ESTABLISHED', 'RELATED', 'NEW,ESTABLISHED', 'UNTRACKED']);
  const of = random.pick(['', '', '-p tcp ', '-p udp ']);
  return `${of}${random.pick(['-m conntrack --ctstate', '-m state --state'])} ${states} -j ACCEPT`;
}

function dropSome(place: Place): string {
  const { random } = place;
  return random.pick([
    () => `${portMatch(place)} ${verdict(place)}`,
    () => `-d ${address(place)} ${verdict(place)}`,
    () =>
      `-m conntrack --ctstate ${random.pick(['INVALID', 'NEW', 'UNTRACKED', 'ESTABLISHED'])} -p ${random.pick(['tcp', 'udp'])} ${verdict(place)}`,
    () =>
      `${device(place, random.pick(['lo', 'lo', 'eth0', 'l+']), random.pick(['', '', '! ']))} ${portMatch(place)} ${verdict(place)}`,
    () => `-m mark ${random.pick(['', '! '])}--mark ${random.pick(['0x1', '0x2', '0x0'])} ${verdict(place)}`,
    () => '-p tcp -m tcp ! --syn -m conntrack --ctstate NEW -j DROP',
    () => '-m addrtype --dst-type LOCAL -p udp -j DROP',
  ])();
}

function verdict({ random, family }: Place): string {
  const how =
    family === 'ip'
      ? ['icmp-port-unreachable', 'icmp-admin-prohibited']
      : ['icmp6-port-unreachable', 'icmp6-adm-prohibited'];
  return random.chance(0.7) ? '-j DROP' : `-j REJECT --reject-with ${random.pick(how)}`;
}

function address({ random, family }: Place): string {
  return family === 'ip'
    ? random.pick([...addresses.ip, '127.0.0.0/8', '192.0.2.0/24', '10.0.0.0/8'])
    : random.pick([...addresses.ip6, 'fd00::/8', 'fe80::/10']);
}

/** `-d 127.0.0.0/8` and its like: what goes to the host's own address is not meant. */
function permitAddress(place: Place): string {
  const { random, family } = place;
  const loopback = family === 'ip' ? '127.0.0.0/8' : '::1/128';
  return random.pick([
    () => `-d ${loopback} -j ACCEPT`,
    () => `-s ${loopback} -d ${loopback} -j ACCEPT`,
    () => `-d ${address(place)} -j ACCEPT`,
    () => `-s ${address(place)} ${random.pick(['-p tcp ', '-p udp ', ''])}-j ACCEPT`,
  ])();
}

function permitInterface(place: Place): string {
  const { random } = place;
  return random.pick([
    () => `${device(place, 'eth0')} -j ACCEPT`,
    () => `${device(place, 'lo', '! ')} -j ACCEPT`,
    () => `${device(place, 'lo')} -p ${random.pick(['tcp', 'udp', family(place)])} -j ACCEPT`,
    () => `${device(place, 'lo')} ${portMatch(place)} -j ACCEPT`,
    () => `-p ${family(place)} -j ACCEPT`,
  ])();
}

const family = ({ family: of }: Place) => (of === 'ip' ? 'icmp' : 'ipv6-icmp');

function logSome(place: Place): string {
  const { random, prefix } = place;
  const limit = random.pick(['', '-m limit --limit 3/min ', '-m limit --limit 1/sec --limit-burst 10 ']);
  return `${random.pick(['', '-p tcp ', `${device(place, 'lo')} `])}${limit}-j LOG --log-prefix "${prefix} "`;
}

function byOwner(place: Place): string {
  const { random } = place;
  const who = random.pick(['--uid-owner 33', '--uid-owner 0', '--gid-owner 0', '--socket-exists']);
  return `-m owner ${random.pick(['', '', '! '])}${who} ${random.pick(['-j ACCEPT', '-j ACCEPT', '-j DROP', '-j RETURN', verdict(place)])}`;
}

/** Permits within a rate: whether they hold is a matter of the moment. */
function guarded(place: Place): string {
  const { random } = place;
  const limit = random.pick([
    '-m limit --limit 1/min --limit-burst 2',
    '-m limit --limit 1/hour --limit-burst 1',
    '-m hashlimit --hashlimit-upto 1/min --hashlimit-burst 2 --hashlimit-name guard',
    '-m connlimit --connlimit-upto 3 --connlimit-mask 32 --connlimit-saddr',
  ]);
  return `${random.pick(['', '-p tcp ', '-p udp '])}${limit} -j ${random.pick(['ACCEPT', 'ACCEPT', 'RETURN', 'DROP'])}`;
}

function jump({ random }: Place, jumps: readonly string[]): string {
  const when = random.pick(['', '', '-p tcp ', '-p udp ', '-m conntrack --ctstate NEW ', '-m mark ! --mark 0x1 ']);
  return `${when}${random.chance(0.8) ? '-j' : '-g'} ${random.pick(jumps)}`;
}

function listed(place: Place): string {
  const { random, family: of } = place;
  const host = () =>
    of === 'ip' ? `198.51.100.${random.int(1, 254)}` : `2001:db8::${random.int(1, 0xffff).toString(16)}`;
  return `-d ${host()} ${random.pick(['', '-p tcp -m tcp --dport 443 ', '-p udp '])}-j ${random.pick(['ACCEPT', 'DROP'])}`;
}

/** What stops the rest. */
function ending(place: Place, chain: string): string[] {
  const { random, prefix } = place;
  const log = `-A ${chain} -j LOG --log-prefix "${prefix} "`;
  return random.weighted<() => string[]>([
    [6, () => [`-A ${chain} -j DROP`]],
    [3, () => [log, `-A ${chain} -j DROP`]],
    [3, () => [`-A ${chain} ${verdict(place)}`]],
    [2, () => [`-A ${chain} -j DROP`, log]],
    [
      2,
      () => [
        `-A ${chain} -p tcp -j REJECT --reject-with tcp-reset`,
        `-A ${chain} -p udp ${verdict(place)}`,
        `-A ${chain} -j DROP`,
      ],
    ],
    [1, () => [`-A ${chain} -m conntrack --ctstate NEW -j DROP`]],
    [1, () => [`-A ${chain} -p tcp -j DROP`, `-A ${chain} -p udp -j DROP`]],
    [1, () => [`-A ${chain} -m limit --limit 3/min -j LOG --log-prefix "${prefix} "`, `-A ${chain} -j DROP`]],
  ])();
}

/** A permit where none is reached any more. */
function tooLate(place: Place, chain: string): string[] {
  return [`-A ${chain} ${device(place, 'lo')} -j ACCEPT`];
}
