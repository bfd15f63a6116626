// Random outbound policies as people write them with nft: tables and base chains of several priorities, sets, verdict maps, jumps, and an end that stops loopback.
import type { Random } from './random.ts';
import { addresses, ports } from './server.ts';

type Family = 'ip' | 'ip6' | 'inet';
type Place = {
  readonly random: Random;
  readonly family: Family;
  readonly hook: 'output' | 'input' | 'postrouting' | 'prerouting';
  readonly prefix: string;
};

/** The commands of one to three tables, named `name` and a number; at least one chain on output stops some of what goes over lo. */
export function randomNftPolicy(random: Random, prefix: string, name = 'policy'): string[] {
  const count = random.weighted([
    [5, 1],
    [3, 2],
    [1, 3],
  ] as const);
  return Array.from({ length: count }, (_, number) => table(random, prefix, `${name}${number}`)).flat();
}

function table(random: Random, prefix: string, name: string): string[] {
  const family = random.weighted<Family>([
    [4, 'inet'],
    [1, 'ip'],
    [1, 'ip6'],
  ]);
  const hooks: Place['hook'][] = ['output'];
  if (random.chance(0.25)) hooks.push('output');
  if (random.chance(0.35)) hooks.push('input');
  if (random.chance(0.1)) hooks.push('postrouting');
  if (random.chance(0.1)) hooks.push('prerouting');
  const sides = hooks.map((hook, number) => side({ random, family, hook, prefix }, `${family} ${name}`, number));
  return [
    `add table ${family} ${name}`,
    `add set ${family} ${name} shut { type inet_service; flags interval; elements = { ${random.some(ports, 1, 4).join(', ')}, 30000-31000 }; }`,
    `add set ${family} ${name} open { type inet_service; elements = { ${random.some(ports, 1, 4).join(', ')} }; }`,
    ...sides.flatMap(({ chains }) => chains),
    ...sides.flatMap(({ rules }) => rules),
  ];
}

const priorities: Record<Place['hook'], readonly string[]> = {
  output: ['filter', 'filter', 'filter', '-10', '5', 'raw', 'mangle', '-400', 'security'],
  input: ['filter', 'filter', '-5', 'mangle', '200'],
  postrouting: ['filter', 'mangle', '300'],
  prerouting: ['raw', 'mangle', 'filter', '-400'],
};

function side(place: Place, table: string, number: number): { chains: string[]; rules: string[] } {
  const { random, hook } = place;
  const base = `${hook}-${number}`;
  const own = Array.from({ length: random.int(0, 3) }, (_, deep) => `${base}-${deep}`);
  const main = hook === 'output' || random.chance(0.4);
  const drops = main && random.chance(0.35);
  const add = (chain: string, rules: readonly string[]) => rules.map((rule) => `add rule ${table} ${chain} ${rule}`);
  const rules = add(base, [
    ...body(place, own, random.int(0, 6)),
    ...(!main || (drops && random.chance(0.6)) ? [] : ending(place)),
    ...(random.chance(0.2) ? [`${device(place)} "lo" accept`] : []),
  ]);
  own.forEach((name, deep) => {
    rules.push(...add(name, body(place, own.slice(deep + 1), random.int(1, 3))));
    if (random.chance(0.4)) rules.push(...add(name, ending(place)));
  });
  const priority = random.pick(priorities[hook]);
  return {
    chains: [
      `add chain ${table} ${base} { type filter hook ${hook} priority ${priority}; policy ${drops ? 'drop' : 'accept'}; }`,
      ...own.map((name) => `add chain ${table} ${name}`),
    ],
    rules,
  };
}

function body(place: Place, jumps: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => {
    const { random } = place;
    return random.weighted<(place: Place, jumps: readonly string[]) => string>([
      [8, permit],
      [4, dropSome],
      [2, byState],
      [1, guarded],
      [2, byOwner],
      [2, logSome],
      [1, mark],
      [jumps.length > 0 ? 5 : 0, jump],
    ])(place, jumps);
  });
}

const outward = ({ hook }: Place) => hook === 'output' || hook === 'postrouting';
const device = (place: Place) => (outward(place) ? 'oifname' : 'iifname');

function port({ random }: Place): string {
  const value = random.pick([
    `${random.pick(ports)}`,
    `{ ${random.some(ports, 2, 4).join(', ')} }`,
    '@open',
    '@shut',
    `!= ${random.pick(ports)}`,
  ]);
  return `${random.pick(['tcp', 'tcp', 'udp'])} ${random.pick(['dport', 'dport', 'sport'])} ${value}`;
}

function address({ random, family }: Place): string {
  const of = family === 'inet' ? random.pick(['ip', 'ip6'] as const) : family;
  const value =
    of === 'ip'
      ? random.pick([...addresses.ip, '127.0.0.0/8', '127.0.0.0/8', '{ 127.0.0.1, 192.0.2.0/24 }'])
      : random.pick([...addresses.ip6, 'fd00::/8']);
  return `${of} ${random.pick(['daddr', 'daddr', 'saddr'])} ${value}`;
}

function permit(place: Place): string {
  const { random } = place;
  return random.pick([
    () => `${port(place)} accept`,
    () => `${address(place)} accept`,
    () => 'ct state established,related accept',
    () => `${device(place)} "eth0" accept`,
    () => `${device(place)} "lo" ${port(place)} counter accept`,
    () => `${address(place)} ${port(place)} accept`,
    () => 'meta l4proto icmp accept',
  ])();
}

function dropSome(place: Place): string {
  const { random } = place;
  return random.pick([
    () => `${port(place)} ${verdict(place)}`,
    () => `${address(place)} ${verdict(place)}`,
    () =>
      `ct state ${random.pick(['invalid', 'new', 'untracked', 'established'])} meta l4proto ${random.pick(['tcp', 'udp'])} drop`,
    () => `${device(place)} "lo" ${port(place)} counter drop`,
    () => `meta mark ${random.pick(['1', '!= 0', '2'])} drop`,
    () => `fib daddr type local ${port(place)} drop`,
    () => `tcp dport vmap { ${random.pick(ports)} : drop, 4000-5000 : accept }`,
  ])();
}

function verdict(place: Place): string {
  return place.random.chance(0.7) || place.hook.endsWith('routing') ? 'drop' : 'reject';
}

function byState({ random }: Place): string {
  const to = () => random.pick(['accept', 'accept', 'drop', 'continue']);
  return `ct state vmap { established : accept, related : ${to()}, invalid : drop, new : ${random.pick(['continue', 'continue', 'accept'])} }`;
}

function guarded({ random }: Place): string {
  return `${random.pick(['', 'meta l4proto tcp ', 'meta l4proto udp '])}limit rate 2/minute burst 2 packets ${random.pick(['accept', 'return'])}`;
}

function byOwner(place: Place): string {
  const { random } = place;
  return outward(place)
    ? `meta skuid ${random.pick(['0', '33', '!= 0'])} ${random.pick(['accept', 'drop', 'return'])}`
    : permit(place);
}

function logSome({ random, prefix }: Place): string {
  return `${random.pick(['', 'limit rate 5/minute ', 'meta l4proto tcp '])}log prefix "${prefix} "`;
}

function mark(place: Place): string {
  return `${port(place)} ${place.random.pick(['meta', 'ct'])} mark set ${place.random.pick(['1', '2'])}`;
}

function jump(place: Place, jumps: readonly string[]): string {
  const { random } = place;
  const to = random.pick(jumps);
  return random.weighted<() => string>([
    [3, () => `jump ${to}`],
    [2, () => `${random.pick(['meta l4proto tcp', address(place), port(place), `${device(place)} "lo"`])} jump ${to}`],
    [1, () => `goto ${to}`],
    [
      2,
      () =>
        `meta l4proto vmap { tcp : jump ${to}, udp : ${random.pick(['drop', `goto ${random.pick(jumps)}`, 'accept'])} }`,
    ],
    [
      1,
      () =>
        `tcp dport vmap { ${random
          .some(ports, 1, 3)
          .map((one) => `${one} : ${random.pick(['accept', `jump ${to}`, 'drop'])}`)
          .join(', ')} }`,
    ],
    [1, () => `meta l4proto { tcp, udp } jump { ${port(place)} accept; ${random.pick([verdict(place), 'return'])}; }`],
  ])();
}

/** What stops the rest. */
function ending(place: Place): string[] {
  const { random, prefix } = place;
  const log = `log prefix "${prefix} "`;
  return random.weighted<() => string[]>([
    [5, () => ['counter drop']],
    [2, () => [`${log} drop`]],
    [2, () => [log, 'drop']],
    [2, () => [verdict(place)]],
    [2, () => ['drop', log]],
    [1, () => ['meta l4proto { tcp, udp } drop']],
    [1, () => ['ct state new drop']],
    [1, () => [`${device(place)} "lo" drop`]],
  ])();
}
