// Loopback entries tied to the rules: conversation by conversation, which packets were stopped and by which rule, and which only logged.

import type { Conversation, Surroundings, Trace } from '../../firewall/conversation/trace.ts';
import { traceConversation } from '../../firewall/conversation/trace-conversation.ts';
import { withoutOwnLogging } from '../../firewall/fix/without-own-logging.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { probeConversations } from '../../firewall/questions/probe-conversations.ts';
import { createSightingCounter, type Sighting } from '../../log/conversations/count-sightings.ts';
import { groupEntries, type ConversationInLog as LoggedConversation } from '../../log/conversations/group-entries.ts';
import type { Entry, EntryPacket } from '../../log/packet/entry.ts';
import { findPrefixHint } from '../../log/packet/find-prefix-hint.ts';
import { isForAnother } from './find-answered-for-others.ts';
import { judgeLoggedPacket, type OwnLogging, type PacketFate } from './judge-logged-packet.ts';

/** A kind of logged packet: its conversation as the evaluator takes it, the packets of the kind, the entry that tells most, what became of it. */
export type TiedEntries<F extends PacketFate = PacketFate> = {
  readonly conversation: Conversation;
  readonly trace: Trace;
  readonly fate: F;
  readonly sample: Sighting['line'];
  readonly sightings: readonly Sighting[];
  /** Packets, each once however many logs and rules have it. */
  readonly packets: number;
};

/** What the entries are judged by. */
export type DropSite = {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  readonly own: OwnLogging | null;
};

const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', ICMP: 'icmp', ICMPv6: 'icmp' } as const;

const protocolOf = (proto: string | number | null): Conversation['protocol'] | null =>
  typeof proto === 'string' && proto in PROTOCOLS ? PROTOCOLS[proto as keyof typeof PROTOCOLS] : null;

/** An error tells of the packet that it carries. */
const subjectOf = (entry: Entry): EntryPacket => entry.embedded ?? entry;

const isFromServer = ({ server, port }: LoggedConversation, entry: Entry): boolean => {
  const { src, dst, spt, dpt } = subjectOf(entry);
  if (port === null) return entry.direction === 'reply';
  if (spt === port && dpt === port) return src === server && dst !== server;
  return spt === port;
};

const belongsTo =
  ({ loopback, proto, server, port }: LoggedConversation) =>
  ({ line: { entry } }: Sighting): boolean => {
    const { src, dst, spt, dpt, ...packet } = subjectOf(entry);
    if (entry.loopback !== loopback || packet.proto !== proto) return false;
    return (dst === server && dpt === port) || (src === server && spt === port);
  };

type User = { readonly uid: number; readonly gid: number | null };

/** The client's user: said by its line, else root, those whom the rules name, and one whom none does. */
const usersOf = ({ ruleset }: DropSite, entry: Entry, fromServer: boolean): User[] => {
  if (entry.uid !== null && !fromServer) return [{ uid: entry.uid, gid: entry.gid }];
  const users = probeConversations({ ruleset, ownAddresses: [] }).map(({ uid, gid = null }) => ({ uid, gid }));
  return [...new Map(users.map((user) => [`${user.uid} ${user.gid}`, user])).values()];
};

const toConversation = (logged: LoggedConversation, entry: Entry, user: User): Conversation | null => {
  const protocol = protocolOf(logged.proto);
  const { client, server, port } = logged;
  if (protocol === null || client === null || server === null) return null;
  const { spt, dpt } = subjectOf(entry);
  return {
    protocol,
    source: client,
    destination: server,
    sourcePort: port === null ? null : isFromServer(logged, entry) ? dpt : spt,
    destinationPort: port,
    ...user,
  };
};

type Judged = { readonly conversation: Conversation; readonly trace: Trace; readonly fate: PacketFate };

/** By the first user for whom a rule writes such a line. */
const judge = (site: DropSite, logged: LoggedConversation, entry: Entry): Judged | null => {
  const fromServer = isFromServer(logged, entry);
  const serverUser = fromServer && entry.uid !== null ? { serverUid: entry.uid, serverGid: entry.gid } : {};
  let first: Judged | null = null;
  for (const user of usersOf(site, entry, fromServer)) {
    const conversation = toConversation(logged, entry, user);
    if (conversation === null) return null;
    const trace = traceConversation(site.ruleset, conversation, { ...site.surroundings, ...serverUser });
    const fate = judgeLoggedPacket(site.ruleset, { entry, fromServer, trace }, site.own);
    const judged = { conversation, trace, fate };
    if (fate.kind !== 'unexplained') return judged;
    first ??= judged;
  }
  return first;
};

/** Packets of one kind meet the same rules. */
const kindOf = ({ prefix, out, uid, flags, embedded }: Entry, fromServer: boolean): string =>
  JSON.stringify([prefix, out === null, uid, flags, embedded !== null, fromServer]);

/** The most telling line first: one that asks, and not one of a rule that logs what passes. */
const weigh = ({ line: { entry } }: Sighting): number =>
  (entry.direction === 'request' ? 2 : 0) + (findPrefixHint(entry.prefix) === 'passed' ? 0 : 1);

const tieConversation = (site: DropSite, logged: LoggedConversation, sightings: readonly Sighting[]): TiedEntries[] => {
  const known = new Map<string, Judged | null>();
  const judged = sightings.flatMap((sighting) => {
    const { entry } = sighting.line;
    const kind = kindOf(entry, isFromServer(logged, entry));
    if (!known.has(kind)) known.set(kind, judge(site, logged, entry));
    const answer = known.get(kind);
    return answer ? [{ sighting, answer }] : [];
  });
  return [...Map.groupBy(judged, ({ answer: { fate } }) => fate.kind).values()].flatMap((group): TiedEntries[] => {
    const countNew = createSightingCounter();
    const packets = group.reduce((sum, { sighting }) => sum + countNew(sighting), 0);
    const [best] = group.toSorted((a, b) => weigh(b.sighting) - weigh(a.sighting));
    return best === undefined
      ? []
      : [{ ...best.answer, sample: best.sighting.line, sightings: group.map(({ sighting }) => sighting), packets }];
  });
};

/** A file's lines first: they are what a user finds when looking them up. */
const byPlace = (a: Sighting, b: Sighting): number =>
  Number(b.source.startsWith('/')) - Number(a.source.startsWith('/'));

/** Ties loopback entries (none that are about another machine) to the rules, which are those without lo-doctor's own: for each conversation one item a fate that its packets met. */
export const tieEntries = (site: DropSite, sightings: readonly Sighting[]): TiedEntries[] => {
  const loopback = sightings
    .filter(({ line }) => line.entry.loopback && !isForAnother(site.surroundings, line.entry))
    .toSorted(byPlace);
  return groupEntries(loopback).flatMap((logged) => tieConversation(site, logged, loopback.filter(belongsTo(logged))));
};

/** The loopback entries that are drops: their packets were stopped. The ruleset may hold lo-doctor's own rules. */
export const findDrops = (site: DropSite, sightings: readonly Sighting[]): Sighting[] =>
  tieEntries({ ...site, ruleset: withoutOwnLogging(site.ruleset) }, sightings)
    .filter(({ fate }) => fate.kind === 'stopped')
    .flatMap((tied) => tied.sightings);
