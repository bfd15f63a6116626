// Inspects a server, and tries for itself what its rules alone don't tell.
import { listenerOf } from '../diagnosis/failures.ts';
import { type Inspection, inspect, type ServerFacts } from '../diagnosis/inspect/inspect.ts';
import { findSuspects, type Tried } from '../diagnosis/inspect/tried.ts';
import { isListener } from '../diagnosis/listener.ts';
import type { Trace } from '../firewall/conversation/trace.ts';
import type { Host } from '../host/host.ts';
import { tryUnknown } from '../host/rules/try-unknown.ts';
import { lookAtNextBoot } from './next-boot/judge-next-boot.ts';
import { readServer } from './read-server.ts';

/** Connections that are opened at the most. */
const MOST = 3;

/**
 * As the rules and all that is read beside them tell; where they don't, one plain connection each is opened to services that listen at
 * 127.0.0.1, ::1 and an own address, over UDP where the doubt is about that alone, until one fails. Nothing is said of the next boot.
 * Rejects with a HostError where the server can't be read.
 */
export const inspectForNow = async (host: Host, caseId: string): Promise<Inspection> =>
  inspectAndTry(host, await readServer(host), caseId);

/** The same, with what the next boot makes of it, which is looked at meanwhile. */
export const inspectServer = async (host: Host, caseId: string): Promise<Inspection> => {
  const facts = await readServer(host);
  const [nextBoot, inspection] = await Promise.all([lookAtNextBoot(host, facts), inspectAndTry(host, facts, caseId)]);
  return { ...inspection, nextBoot };
};

const inspectAndTry = async (host: Host, facts: ServerFacts, caseId: string): Promise<Inspection> => {
  const inspection = inspect(facts, caseId);
  const tried = await tryFor(host, inspection);
  return tried.length === 0 ? inspection : inspect({ ...facts, tried }, caseId);
};

const tryFor = async (host: Host, inspection: Inspection): Promise<Tried[]> => {
  const tried: Tried[] = [];
  for (const trace of findTrials(inspection)) {
    // One after the other: they would count in the same rules.
    const attempt = await tryUnknown(host, trace.conversation, findSuspects(inspection.ruleset, trace));
    tried.push(attempt);
    if (attempt.end !== 'connected') break;
  }
  return tried;
};

/** Of each destination the first conversation that a service awaits. */
const findTrials = ({ unknownTraces, listeners }: Inspection): Trace[] => {
  const served = unknownTraces.filter(
    ({ conversation }) =>
      conversation.protocol !== 'icmp' && conversation.uid === 0 && isListener(listenerOf(listeners, conversation)),
  );
  const byDestination = new Map(served.toReversed().map((trace) => [trace.conversation.destination, trace]));
  return [...byDestination.values()].toReversed().slice(0, MOST);
};
