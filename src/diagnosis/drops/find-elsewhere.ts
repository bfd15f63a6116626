// Drops of traffic that is not on lo: which destinations, and by which rule, as far as one packet tells.

import type { HookTrace, Surroundings } from '../../firewall/conversation/trace.ts';
import { evaluatePacket } from '../../firewall/conversation/travel.ts';
import { parseAddress } from '../../firewall/model/address.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { AS_SENT, type Packet, type Transport } from '../../firewall/model/packet.ts';
import { isLoopbackText } from '../../log/packet/address.ts';
import type { Entry, EntryLine } from '../../log/packet/entry.ts';
import { findPrefixHint } from '../../log/packet/find-prefix-hint.ts';
import { nameAddress } from '../../naming/conversations.ts';
import { citeRule } from '../../naming/rules.ts';
import type { Cause } from '../causes/cause.ts';
import type { Finding } from '../finding.ts';
import type { OwnLogging } from './judge-logged-packet.ts';

/** What the entries are judged by: the rules without lo-doctor's own. */
type Site = { readonly ruleset: Ruleset; readonly surroundings: Surroundings; readonly own: OwnLogging | null };

/** Destinations listed at the most. */
const LISTED = 5;

const FLAGS: Readonly<Record<string, number>> = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 };

/** Only echoes have one. */
const NO_ID = 0;
/** The kernel prints no MARK= for a packet without one. */
const UNMARKED = 0;

const transportOf = ({ proto, spt, dpt, type, code, id, flags }: Entry): Transport | null => {
  const ports = { sourcePort: spt, destinationPort: dpt };
  switch (proto) {
    case 'TCP':
      return { kind: 'tcp', ...ports, flags: flags.reduce((bits, flag) => bits | (FLAGS[flag] ?? 0), 0) };
    case 'UDP':
      return { kind: 'udp', ...ports };
    case 'ICMP':
    case 'ICMPv6':
      // A line that is cut off before them says too little.
      if (type === null || code === null) return null;
      return { kind: proto === 'ICMP' ? 'icmp' : 'icmpv6', type, code, id: id ?? NO_ID };
    default:
      return null;
  }
};

/** The logged packet, taken for the first of its connection unless its flags say otherwise; null where the line says too little. */
const toPacket = (entry: Entry): Packet | null => {
  if (entry.src === null || entry.dst === null) return null;
  const [source, destination] = [parseAddress(entry.src), parseAddress(entry.dst)];
  const transport = transportOf(entry);
  if (source === null || destination === null || transport === null || typeof source !== typeof destination)
    return null;
  const state = entry.proto === 'TCP' && entry.flags.includes('ACK') ? 'established' : 'new';
  return {
    family: typeof source === 'number' ? 'ip' : 'ip6',
    source,
    destination,
    transport,
    length: [entry.len ?? 60, entry.len ?? 60],
    ...AS_SENT,
    ttl: entry.ttl,
    uid: entry.uid ?? 'unknown',
    gid: entry.gid ?? 'unknown',
    mark: entry.mark ?? UNMARKED,
    conntrack: { state, direction: 'original', mark: 0, zone: 0, status: 0 },
  };
};

/** A packet that was stopped: by which rule, or, where that is not known, by its prefix (null). */
export type JudgedLine = { readonly line: EntryLine; readonly by: string | null };

/** Whether the packet was stopped: by evaluation, by a log rule of lo-doctor's, or else by what its prefix says. Null: it passed, or nobody knows. */
export const judgeLine = ({ ruleset, surroundings, own }: Site, line: EntryLine): JudgedLine | null => {
  const { entry } = line;
  const report = own?.changes.find(({ prefix }) => prefix.trim() === entry.prefix);
  if (report !== undefined) return { line, by: citeRule(report.reports) };
  const packet = toPacket(entry);
  const trace: HookTrace | null =
    packet === null || entry.out === null
      ? null
      : evaluatePacket(ruleset, packet, 'output', surroundings, { name: entry.out, index: 2 });
  if (
    trace !== null &&
    trace.stopped !== null &&
    trace.logs.some(({ log }) => (log.prefix.trim() || null) === entry.prefix)
  )
    return { line, by: citeRule(trace.stopped) };
  if (trace?.verdict === 'accept') return null;
  return findPrefixHint(entry.prefix) === 'stopped' ? { line, by: null } : null;
};

/** How it was logged, by which rule not being known. */
export const tellLogged = ({ prefix }: Entry): string => (prefix === null ? 'logged' : `logged as "${prefix}"`);

const tell = ({ line: { entry }, by }: JudgedLine): string => {
  const to = nameAddress(entry.dst ?? 'an address not in the line', entry.dpt);
  return `${entry.proto ?? 'A packet'} to ${to} by ${entry.out}: ${by === null ? tellLogged(entry) : `stopped by ${by}`}`;
};

/** The line of a packet that left, or was to leave, for a loopback address by another device: see find-bound-to-device.ts. */
export const isAstray = ({ entry }: EntryLine): boolean =>
  entry.out !== null && entry.out !== 'lo' && isLoopbackText(entry.dst);

/** Outbound packets that were stopped meanwhile on their way by another device than lo. */
export const findElsewhere: Cause = (clues) => {
  const outgoing = clues.elsewhere.filter(
    (line) => line.entry.out !== null && line.entry.in === null && !isAstray(line),
  );
  const stopped = outgoing.flatMap((line) => judgeLine(clues, line) ?? []);
  if (stopped.length === 0) return null;
  const targets = [...new Set(stopped.map(tell))];
  const finding: Finding = {
    id: 'blocked-elsewhere',
    severity: 'problem',
    title: 'The firewall stopped outbound packets that were not on lo meanwhile.',
    evidence: [
      ...targets.slice(0, LISTED),
      ...(targets.length > LISTED ? [`and ${targets.length - LISTED} more`] : []),
    ],
    advice:
      'A permit of loopback changes nothing about them. If the failing program needs these destinations, permit them in the outbound policy; ask whoever owns the policy.',
    commands: [],
  };
  return { finding, blame: 'filter', explains: [] };
};
