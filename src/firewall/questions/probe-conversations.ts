// The conversations that stand for "loopback" where a yes or no is wanted for all of it.

import type { Conversation } from '../conversation/trace.ts';
import { formatAddress, parseAddress } from '../model/address.ts';
import { comparisons, endsOf } from '../model/comparisons.ts';
import type { Ruleset } from '../model/model.ts';
import type { Value } from '../model/steps.ts';

/** A port that something listens on. */
type Listener = { readonly protocol: 'tcp' | 'udp'; readonly port: number };

/** `ownAddresses` in text, loopback ones included or not; `ports`: well-known ones of local services, for TCP and UDP. */
export type ProbeScope = {
  readonly ruleset: Ruleset;
  readonly ownAddresses: readonly string[];
  readonly listeners?: readonly Listener[];
  readonly ports?: readonly number[];
};

/** A port that no rule knows by number, others of that kind far from it, and the one that clients call from. */
export const SOME_PORT = 31337;
export const OTHER_PORTS: readonly number[] = [611, 7477, 19_793, 61_111];
const CLIENT_PORT = 40000;
/** A user that no rule knows by number. */
export const SOME_USER = 65534;
/** Each user that rules name is tried with so many ports that they name. */
const MOST_BY_USER = 8;
/** More than this many numbers of one kind in rules are generated ones: the first stand for all. */
const MOST = 64;

/**
 * TCP, UDP and ping to 127.0.0.1, ::1, each own address and each loopback address that a rule names: to the ports asked for, those in
 * rules and one that stands for all others; by root, and to ports that listen or that rules name and the one for all others also by the users
 * and groups that rules name and one that none does.
 */
export function probeConversations({ ruleset, ownAddresses, listeners = [], ports = [] }: ProbeScope): Conversation[] {
  const named = namedValues(ruleset);
  const addresses = distinct(['127.0.0.1', '::1', ...ownAddresses, ...named.loopbackAddresses].map(canonical));
  const portsOf = (protocol: 'tcp' | 'udp') => {
    const listening = listeners.filter((listener) => listener.protocol === protocol).map(({ port }) => port);
    return distinct([...ports, ...listening, ...named.ports, SOME_PORT]);
  };
  const portsByUser = (protocol: 'tcp' | 'udp') => {
    const listening = listeners.filter((listener) => listener.protocol === protocol).map(({ port }) => port);
    return [SOME_PORT, ...distinct([...listening, ...named.ports]).slice(0, MOST_BY_USER)];
  };
  return addresses.flatMap((address) => [
    ...portsOf('tcp').map((port) => rootConversation('tcp', address, port)),
    ...portsOf('udp').map((port) => rootConversation('udp', address, port)),
    rootConversation('icmp', address, null),
    ...(['tcp', 'udp'] as const).flatMap((protocol) =>
      portsByUser(protocol).flatMap((port) =>
        named.users.map((user) => ({ ...rootConversation(protocol, address, port), ...user })),
      ),
    ),
  ]);
}

/** A conversation of root's with one of the host's own addresses, over which it goes both ways. */
export function rootConversation(
  protocol: Conversation['protocol'],
  address: string,
  port: number | null,
): Conversation {
  return {
    protocol,
    source: address,
    destination: address,
    sourcePort: protocol === 'icmp' ? null : CLIENT_PORT,
    destinationPort: port,
    uid: 0,
  };
}

/** The users that rules name. */
export const namedUsers = (ruleset: Ruleset): number[] => [
  ...new Set(namedValues(ruleset).users.flatMap(({ uid, gid }) => (gid === undefined ? [uid] : []))),
];

type Named = {
  readonly ports: readonly number[];
  readonly users: readonly Pick<Conversation, 'uid' | 'gid'>[];
  readonly loopbackAddresses: readonly string[];
};

/** What the rules name: the ends of each range, and what is next to them where it is a port. */
function namedValues(ruleset: Ruleset): Named {
  const ports = new Set<number>();
  const uids = new Set<number>();
  const gids = new Set<number>();
  const addresses = new Set<string>();
  for (const [field, pattern] of comparisons(ruleset)) {
    for (const value of endsOf(pattern)) {
      if (/ [sd]port$/.test(field) && typeof value === 'number' && value > 0) ports.add(value);
      else if (field === 'meta skuid' && typeof value === 'number') uids.add(value);
      else if (field === 'meta skgid' && typeof value === 'number') gids.add(value);
      else if (/^ip6? [sd]addr$/.test(field) && isOtherLoopback(value)) addresses.add(formatAddress(value));
    }
  }
  const users = uids.size + gids.size === 0 ? [] : [{ uid: SOME_USER, gid: SOME_USER }];
  return {
    ports: first(ports),
    users: [...users, ...first(uids).map((uid) => ({ uid })), ...first(gids).map((gid) => ({ uid: SOME_USER, gid }))],
    loopbackAddresses: first(addresses),
  };
}

/** 127.0.0.1 is asked for anyway, and the ends of 127.0.0.0/8 are no addresses to talk to. */
function isOtherLoopback(value: Value): value is number {
  return typeof value === 'number' && value > 0x7f000001 && value < 0x7fffffff;
}

function canonical(address: string): string {
  const value = parseAddress(address);
  return value === null ? address : formatAddress(value);
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function first<T>(values: ReadonlySet<T>): T[] {
  return [...values].slice(0, MOST);
}
