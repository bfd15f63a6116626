// `lo-doctor trace`: the way of one loopback conversation through the rules of this server or of dumps.

import { findWayFaults } from '../../diagnosis/way/find-way-faults.ts';
import type { LoopbackWay, WayFault } from '../../diagnosis/way/loopback-way.ts';
import type { Conversation, Surroundings, Trace } from '../../firewall/conversation/trace.ts';
import { traceConversation } from '../../firewall/conversation/trace-conversation.ts';
import { formatAddress, isLoopbackAddress, parseAddress } from '../../firewall/model/address.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { ParseError } from '../../firewall/model/parse-error.ts';
import type { DumpContents } from '../../firewall/questions/dump-contents.ts';
import { type Host, printTrouble } from '../../host/host.ts';
import { EXIT } from '../../options/exit-codes.ts';
import { type DumpFile, readDumps } from '../../work/read-dumps.ts';
import type { Io } from '../io.ts';
import { traceDocument } from './trace-document.ts';
import { traceText } from './trace-text.ts';

/** What was asked for on the command line; null where it was not said. Without `rules`, the server's own are read. */
export type TraceOptions = {
  readonly to: string;
  readonly protocol: Conversation['protocol'];
  readonly dport: number | null;
  readonly from: string | null;
  readonly sport: number | null;
  readonly uid: number;
  readonly rules: readonly DumpFile[];
  readonly json: boolean;
};

/** What the command needs of the outside. `readFile` throws where it can't; `openHost` gives the server. */
export type TraceSeams = {
  readonly io: Pick<Io, 'stdout' | 'stderr'>;
  readonly readFile: (path: string) => string;
  readonly openHost: () => Promise<Host>;
};

/** What leaves lo by NAT is not known to work. */
const ENDS: Readonly<Record<Trace['outcome'], number>> = {
  works: EXIT.done,
  blocked: EXIT.blocked,
  unknown: EXIT.cantTell,
  leaves: EXIT.cantTell,
};

/** The first port of Linux' usual ephemeral range that is easy to read. */
const CLIENT_PORT = 40000;

/** Prints the trace and returns the exit code: 0 works, 1 blocked, 4 can't be told; 2 wrong usage, 3 unreadable dump. HostErrors go through. */
export async function runTrace(options: TraceOptions, seams: TraceSeams): Promise<number> {
  const { stdout, stderr } = seams.io;
  const conversation = conversationOf(options);
  if (typeof conversation === 'string') {
    stderr(printTrouble(conversation));
    return EXIT.usage;
  }
  try {
    const { ruleset, surroundings, way, dump } = await readRules(options, seams);
    const stranger = findStranger(conversation, surroundings);
    if (stranger !== null) {
      stderr(printTrouble(`${stranger} is no address of this server, so that conversation would not go over lo.`));
      return EXIT.usage;
    }
    const faults = findFaultsFor(way, conversation);
    const trace = heldTrace(withFaults(traceConversation(ruleset, conversation, surroundings), faults), dump);
    const told = faults.map(({ finding }) => finding);
    const missing = dump?.missing ?? null;
    stdout(options.json ? `${JSON.stringify(traceDocument(trace, told, missing))}\n` : traceText(trace, told, missing));
    return ENDS[trace.outcome];
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    stderr(printTrouble(error.message));
    return EXIT.couldNot;
  }
}

/** The conversation asked for, or what is wrong with the question. */
function conversationOf({ to, from, protocol, dport, sport, uid }: TraceOptions): Conversation | string {
  const destination = parseAddress(to);
  if (destination === null) return `--to ${to}: an IPv4 or IPv6 address is needed, such as 127.0.0.1 or ::1.`;
  const source = from === null ? sourceFor(to) : parseAddress(from);
  if (source === null) return `--from ${from}: an IPv4 or IPv6 address is needed, such as 127.0.0.1 or ::1.`;
  if (typeof source !== typeof destination) return `--from ${from} and --to ${to} are not of the same IP version.`;
  const ports = protocol !== 'icmp';
  if (!ports && (dport !== null || sport !== null)) return 'ICMP has no ports: leave --dport and --sport away.';
  return {
    protocol,
    source: formatAddress(source),
    destination: formatAddress(destination),
    sourcePort: ports ? (sport ?? CLIENT_PORT) : null,
    destinationPort: ports ? dport : null,
    uid,
  };
}

/** The source that the kernel picks: 127.0.0.1 for all of 127.0.0.0/8, else the address itself. */
function sourceFor(to: string) {
  const address = parseAddress(to);
  return typeof address === 'number' && isLoopbackAddress(address) ? parseAddress('127.0.0.1') : address;
}

async function readRules(
  { rules }: TraceOptions,
  { readFile, openHost }: TraceSeams,
): Promise<{ ruleset: Ruleset; surroundings: Surroundings; way: LoopbackWay | null; dump: DumpContents | null }> {
  const unknownServer = { serverUid: null, serverGid: null };
  if (rules.length > 0) {
    const { ruleset, contents: dump } = readDumps(rules, readFile);
    return { ruleset, surroundings: { ownAddresses: null, ...unknownServer }, way: null, dump };
  }
  const { readServer } = await import('../../work/read-server.ts');
  const { ruleset, ownAddresses, way, facts } = await readServer(await openHost());
  const own = ['127.0.0.1', '::1', ...ownAddresses];
  return { ruleset, surroundings: { ownAddresses: own, ...unknownServer, ...(facts && { facts }) }, way, dump: null };
}

/** What is in the way of the conversation beside the rules. */
function findFaultsFor(way: LoopbackWay | null, { destination }: Conversation): WayFault[] {
  const kind = destination === '::1' ? 'ip6' : destination.startsWith('127.') ? 'ip' : 'own';
  return findWayFaults(way, []).filter(({ kinds, outcome }) => kinds.includes(kind) && outcome !== 'works');
}

/** The rules may let pass what something else stops; a routing rule stops some of it. */
function withFaults(trace: Trace, faults: readonly WayFault[]): Trace {
  const isStopped = faults.some(({ outcome }) => outcome === 'blocked' || outcome === 'absent');
  if (faults.length === 0 || trace.outcome === 'blocked') return trace;
  return { ...trace, outcome: isStopped ? 'blocked' : 'unknown' };
}

/** A conversation of a family that is not in the dumps works by nothing that was seen. */
function heldTrace(trace: Trace, dump: DumpContents | null): Trace {
  const family = trace.conversation.destination.includes(':') ? 'ip6' : 'ip';
  if (trace.outcome !== 'works' || dump === null || dump.answers.includes(family)) return trace;
  return { ...trace, outcome: 'unknown', logged: 'maybe' };
}

/** An end of the conversation that is known not to be this server's. */
function findStranger({ source, destination }: Conversation, { ownAddresses }: Surroundings): string | null {
  if (ownAddresses === null) return null;
  const isOwn = (text: string) => {
    const address = parseAddress(text);
    return address !== null && (isLoopbackAddress(address) || ownAddresses.includes(text));
  };
  return [destination, source].find((text) => !isOwn(text)) ?? null;
}
