// What was seen while it failed, tied to the rules: which loopback conversations the firewall stops, and by which evidence.

import type { Ruleset } from '../firewall/model.ts';
import type { Conversation, Surroundings, Trace } from '../firewall/trace.ts';
import { traceConversation } from '../firewall/trace-conversation.ts';
import { createSightingCounter, type Sighting } from '../log/count-sightings.ts';
import type { EntryLine } from '../log/entry.ts';
import { groupEntries, type Conversation as LoggedConversation } from '../log/group-entries.ts';
import type { Attempt, ConnectionEnd } from './attempt.ts';
import { findOtherCauses } from './find-other-causes.ts';
import type { Finding } from './finding.ts';
import type { Listener } from './listener.ts';

/**
 * A loopback conversation that the firewall stops. Evidence is either log entries (`sample` is the most telling one) whose rule leads to a
 * drop, or an attempt that failed just now together with an evaluation that says by which rule.
 */
export type BlockedConversation = {
  readonly conversation: Conversation;
  readonly sample: EntryLine | null;
  readonly entries: number;
  readonly listener: Listener | null;
  readonly trace: Trace | null;
};

/** `blocked-elsewhere`: only packets not on lo were dropped; `nothing-dropped`: no evidence either way; `not-the-firewall`: another cause was found. */
export type Verdict = 'loopback-blocked' | 'blocked-elsewhere' | 'nothing-dropped' | 'not-the-firewall';

export type Diagnosis = {
  readonly verdict: Verdict;
  readonly blocked: readonly BlockedConversation[];
  /** Entries of traffic that is not on lo. */
  readonly elsewhere: readonly EntryLine[];
  readonly findings: readonly Finding[];
};

/** What there is to diagnose: the rules and services as they are now, and what came in while it failed. */
export type Seen = {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  readonly listeners: readonly Listener[];
  readonly entries: readonly Sighting[];
  readonly attempts: readonly Attempt[];
  /** The prefix of lo-doctor's own log rules, which stand right before what drops; null where there are none. */
  readonly ownPrefix: string | null;
};

const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', ICMP: 'icmp', ICMPv6: 'icmp' } as const;

const protocolOf = (proto: string | number | null): Conversation['protocol'] | null =>
  typeof proto === 'string' && proto in PROTOCOLS ? PROTOCOLS[proto as keyof typeof PROTOCOLS] : null;

/** The conversation that logged packets belong to, as the evaluator takes it. */
const toConversation = ({ proto, client, server, port, sample, uids }: LoggedConversation): Conversation | null => {
  const protocol = protocolOf(proto);
  if (protocol === null || client === null || server === null) return null;
  const { spt, dpt } = sample.entry.embedded ?? sample.entry;
  return {
    protocol,
    source: client,
    destination: server,
    sourcePort: (dpt === port ? spt : dpt) ?? null,
    destinationPort: port,
    uid: uids[0] ?? 0,
  };
};

const listensTo =
  ({ protocol, destination, destinationPort }: Conversation) =>
  (listener: Listener): boolean =>
    listener.protocol === protocol &&
    listener.port === destinationPort &&
    (listener.address === destination || ['0.0.0.0', '::', '*'].includes(listener.address));

/** Whether entries with these prefixes were written about drops: by lo-doctor's own rules, or by a rule on the way to the drop. */
const isDrop = (trace: Trace, prefixes: readonly string[], ownPrefix: string | null): boolean => {
  if (ownPrefix !== null && prefixes.some((prefix) => prefix.startsWith(ownPrefix.trim()))) return true;
  return trace.outcome === 'blocked';
};

/** A file's lines first: they are what the user finds when looking it up. */
const byPlace = (a: Sighting, b: Sighting): number =>
  Number(b.source.startsWith('/')) - Number(a.source.startsWith('/'));

const fromLog = (seen: Seen): BlockedConversation[] =>
  groupEntries([...seen.entries].sort(byPlace))
    .filter(({ loopback }) => loopback)
    .flatMap((logged): BlockedConversation[] => {
      const conversation = toConversation(logged);
      if (conversation === null) return [];
      const trace = traceConversation(seen.ruleset, conversation, seen.surroundings);
      if (!isDrop(trace, logged.prefixes, seen.ownPrefix)) return [];
      const listener = seen.listeners.find(listensTo(conversation)) ?? null;
      return [{ conversation, sample: logged.sample, entries: logged.count, listener, trace }];
    });

const isSame = (a: Conversation, b: Conversation): boolean =>
  a.protocol === b.protocol && a.destination === b.destination && a.destinationPort === b.destinationPort;

/** Ends that a firewall can cause; `failed` says nothing about the network. */
const isFailure = (end: ConnectionEnd): boolean => end !== 'connected' && end !== 'failed';

/** What failed just now and left no entry, although the rules stop it. */
const fromAttempts = (seen: Seen, known: readonly BlockedConversation[]): BlockedConversation[] =>
  seen.attempts.flatMap((attempt): BlockedConversation[] => {
    if (attempt.kind !== 'connection' || !isFailure(attempt.end)) return [];
    const { conversation } = attempt;
    if (known.some((one) => isSame(one.conversation, conversation))) return [];
    const trace = traceConversation(seen.ruleset, conversation, seen.surroundings);
    if (trace.outcome !== 'blocked') return [];
    const listener = seen.listeners.find(listensTo(conversation)) ?? null;
    return [{ conversation, sample: null, entries: 0, listener, trace }];
  });

const isRequest = ({ sample }: BlockedConversation): boolean => sample?.entry.direction === 'request';

/** Services that listen first, then requests (their lines are the telling ones), then the most entries. */
const byWeight = (a: BlockedConversation, b: BlockedConversation): number =>
  Number(b.listener !== null) - Number(a.listener !== null) ||
  Number(isRequest(b)) - Number(isRequest(a)) ||
  Number(b.sample !== null) - Number(a.sample !== null) ||
  b.entries - a.entries;

/** Ties what was seen to the rules. Loopback is blamed only with evidence: an entry or a failure, and a rule that stops it. */
export const diagnose = (seen: Seen): Diagnosis => {
  const logged = fromLog(seen);
  const blocked = [...logged, ...fromAttempts(seen, logged)].sort(byWeight);
  const countNew = createSightingCounter();
  const other = [...seen.entries].sort(byPlace).filter(({ line }) => !line.entry.loopback);
  const elsewhere = other.filter((sighting) => countNew(sighting) > 0).map(({ line }) => line);
  if (blocked.length > 0) return { verdict: 'loopback-blocked', blocked, elsewhere, findings: [] };
  const findings = findOtherCauses(seen, elsewhere);
  if (findings.some(({ severity }) => severity === 'problem'))
    return {
      verdict:
        elsewhere.length > 0 && findings[0]?.id === 'blocked-elsewhere' ? 'blocked-elsewhere' : 'not-the-firewall',
      blocked,
      elsewhere,
      findings,
    };
  return { verdict: 'nothing-dropped', blocked, elsewhere, findings };
};
