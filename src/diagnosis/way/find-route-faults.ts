// Faults of the routing: the local table or a rule before it does not lead packets for this server to lo.
import { isDown } from './find-device-faults.ts';
import {
  type LoopbackKind,
  type LoopbackWay,
  loopbackKindOf,
  quoteAnswer,
  type RouteAnswer,
  type WayFault,
} from './loopback-way.ts';

/** `local 127.0.0.1 dev lo src 127.0.0.1 uid 0`; busybox leaves the first word away. */
const isLocal = ({ code, stdout }: RouteAnswer): boolean =>
  code === 0 && /^local |\bdev lo\b/.test(stdout) && !/^(unreachable|prohibit|blackhole|throw) /.test(stdout);

/** What programs are told by such a route, beside the time-out of what leaves by another device. */
const SAYS: readonly (readonly [RegExp, string])[] = [
  [/No route to host/, 'refuses'],
  [/Permission denied/, 'forbids'],
  [/Network is unreachable/, 'knows no way for'],
  [/Invalid argument/, 'swallows'],
];

const tell = (route: RouteAnswer): string => {
  const device = /\bdev (\S+)/.exec(route.stdout)?.[1];
  if (route.code === 0 && device !== undefined) return `sends packets for ${route.destination} out by ${device}`;
  const words = SAYS.find(([pattern]) => pattern.test(route.stderr + route.stdout))?.[1] ?? 'refuses';
  return `${words} packets for ${route.destination}`;
};

/** The lines of the local tables that are no plain routes to this server. */
const listRefusals = ({ tables }: LoopbackWay): string[] =>
  [tables.ip, tables.ip6].flatMap((answer) =>
    (answer?.stdout ?? '')
      .split('\n')
      .filter((line) => /^(unreachable|prohibit|blackhole|throw) /.test(line))
      .map((line) => line.trim()),
  );

const REFUSAL = /^(unreachable|prohibit|blackhole|throw) (\S+)/;

/** The whole network that holds an address of lo. */
const networkOf = ({ destination }: RouteAnswer): string =>
  destination === '::1' ? '::1' : destination.startsWith('127.') ? '127.0.0.0/8' : destination;

/** Takes the refusals away and puts the routes back. */
const cure = (way: LoopbackWay, route: RouteAnswer): string[][] => {
  const isIp6 = route.destination.includes(':');
  const ip = isIp6 ? ['ip', '-6'] : ['ip'];
  const refusals = listRefusals(way).flatMap((line) => {
    const [, kind = '', target = ''] = REFUSAL.exec(line) ?? [];
    return target.includes(':') === isIp6 ? [[...ip, 'route', 'del', kind, target, 'table', 'local']] : [];
  });
  const table = isIp6 ? way.tables.ip6 : way.tables.ip;
  const network = networkOf(route);
  const isThere = table?.stdout.split('\n').some((line) => line.startsWith(`local ${network} `)) ?? true;
  const add = [...ip, 'route', 'add', 'local', network, 'dev', 'lo', 'table', 'local'];
  return isThere || loopbackKindOf(route.destination) === 'own' ? refusals : [...refusals, add];
};

/** `10: from all to 127.0.0.0/8 uidrange 33-33 unreachable` as the command that takes it away. */
const deletionOf = (line: string, isIp6: boolean): string[] => {
  const [, preference = '', rest = ''] = /^(\d+): (.*)$/.exec(line) ?? [];
  return ['ip', ...(isIp6 ? ['-6'] : []), 'rule', 'del', 'pref', preference, ...rest.split(' ')];
};

/** The rules that come before the local table and refuse all that they match, or the local table's own, which is missing. */
const cureRules = ({ rules, unasked }: LoopbackWay, isIp6: boolean): string[][] => {
  const ours = isIp6 ? rules.ip6 : rules.ip;
  const refusing = unasked.filter(
    ({ family, line }) => (family === 'ip6') === isIp6 && /\b(unreachable|prohibit|blackhole)$/.test(line),
  );
  const isWithout = ours !== null && !/lookup (local|255)\b/.test(ours.stdout);
  return [
    ...refusing.map(({ line }) => deletionOf(line, isIp6)),
    ...(isWithout ? [['ip', ...(isIp6 ? ['-6'] : []), 'rule', 'add', 'pref', '0', 'lookup', 'local']] : []),
  ];
};

const LOOK: readonly (readonly string[])[] = [
  ['ip', 'rule'],
  ['ip', 'route', 'show', 'table', 'local'],
];

/** Packets for an address of this server that its routing does not lead to lo. */
const findRefused = (way: LoopbackWay, routes: readonly RouteAnswer[], kind: LoopbackKind): WayFault | null => {
  const [first] = routes;
  if (first === undefined) return null;
  const isIp6 = first.destination.includes(':');
  const commands = [...cure(way, first), ...cureRules(way, isIp6)];
  const early = way.unasked.filter(({ family }) => (family === 'ip6') === isIp6);
  return {
    kinds: [kind],
    outcome: 'blocked',
    finding: {
      id: 'lo-route',
      severity: 'problem',
      title: `The routing of this server ${tell(first)}: such packets never get to lo, whatever the firewall permits.`,
      evidence: [
        ...routes.slice(0, 3).map(quoteAnswer),
        ...listRefusals(way).map((line) => `table local: ${line}`),
        ...early.map(({ line }) => `ip rule: ${line}`),
      ],
      advice:
        'No firewall rule cures it: the local table has to be asked first, and has to lead there. Find out who has changed that.',
      commands: commands.length === 0 ? LOOK : commands,
    },
  };
};

/** A rule that leads some packets elsewhere: those of a user, to a port, with a mark. */
const findDiverted = (route: RouteAnswer): WayFault | null =>
  route.rule === null
    ? null
    : {
        kinds: [loopbackKindOf(route.destination)],
        outcome: 'partly',
        finding: {
          id: 'lo-routing-rule',
          severity: 'problem',
          title: `A routing rule leads some loopback packets elsewhere: the routing ${tell(route)} where the rule matches.`,
          evidence: [`ip rule: ${route.rule}`, quoteAnswer(route)],
          advice:
            'It comes before the local table, and no firewall rule cures it. Take it away, or let it come behind the local table (a higher preference).',
          commands: [deletionOf(route.rule, route.destination.includes(':'))],
        },
      };

/** 127.0.0.1 is there, and the rest of its network is not: what /etc/hosts and resolvers use of it leaves the server. */
const findNarrow = (routes: readonly RouteAnswer[], served: readonly string[]): WayFault | null => {
  const [first] = routes;
  if (first === undefined) return null;
  const hit = routes.find(({ destination }) => served.includes(destination));
  return {
    kinds: ['ip'],
    outcome: hit === undefined ? 'works' : 'partly',
    finding: {
      id: 'lo-narrow',
      severity: hit === undefined ? 'warning' : 'problem',
      title: `Only a part of 127.0.0.0/8 is this server: its routing ${tell(hit ?? first)}.`,
      evidence: [...(hit === undefined ? [] : [`a service listens at ${hit.destination}`]), ...routes.map(quoteAnswer)],
      advice:
        'Names in /etc/hosts (127.0.1.1) and local resolvers (127.0.0.53) use the others. lo should have 127.0.0.1 with the whole network, /8.',
      commands: [
        ['ip', 'address', 'show', 'dev', 'lo'],
        ['ip', 'address', 'add', '127.0.0.1/8', 'dev', 'lo'],
      ],
    },
  };
};

const findUnasked = ({ unasked }: LoopbackWay): WayFault | null =>
  unasked.length === 0
    ? null
    : {
        kinds: [],
        outcome: 'works',
        finding: {
          id: 'routing-rules-first',
          severity: 'notice',
          title: 'Routing rules stand before the local table.',
          evidence: unasked.map(({ line }) => `ip rule: ${line}`),
          advice:
            'They may lead what they match past lo. What was asked about (ip route get) goes over lo all the same.',
          commands: [],
        },
      };

/** All that the routing does to loopback packets. `served`: the addresses that services listen at. */
export const findRouteFaults = (way: LoopbackWay, served: readonly string[]): WayFault[] => {
  // An address that lo has not, or that lo can't have while it is down, has no route either.
  if (isDown(way)) return [];
  const amiss = way.routes.filter((route) => !isLocal(route));
  const plain = amiss.filter(({ rule }) => rule === null);
  const usual = plain.filter(({ destination }) => destination === '127.0.0.1');
  const others = plain.filter(
    (route) => loopbackKindOf(route.destination) === 'ip' && route.destination !== '127.0.0.1',
  );
  const faults = [
    usual.length > 0 ? findRefused(way, [...usual, ...others], 'ip') : findNarrow(others, served),
    findRefused(
      way,
      plain.filter((route) => loopbackKindOf(route.destination) === 'ip6' && way.isIp6Off !== true),
      'ip6',
    ),
    findRefused(
      way,
      plain.filter((route) => loopbackKindOf(route.destination) === 'own'),
      'own',
    ),
    ...amiss.filter(({ rule }) => rule !== null).map(findDiverted),
  ].filter((fault) => fault !== null);
  const first = faults.length === 0 ? findUnasked(way) : null;
  return first === null ? faults : [first];
};
