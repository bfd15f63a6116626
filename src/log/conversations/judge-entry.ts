// What a netfilter line tells as a whole: who wants what, request or reply, and whether it is a loopback drop.

import { isLoopbackText } from '../packet/address.ts';
import type { Entry } from '../packet/entry.ts';
import { findPrefixHint } from '../packet/find-prefix-hint.ts';
import { protocolName } from '../packet/protocols.ts';
import { findWellKnownService, servicePort } from './services.ts';

/** `drop`: on lo, by a rule that says it stops. `maybe`: on lo, but only the rule knows. `no`: not on lo, or it passed. */
export type EntryJudgement = { loopbackDrop: 'drop' | 'maybe' | 'no'; title: string; sentences: string[] };

/** The judgement of one line by itself, in words; the rules of the server may know more. */
export function judgeEntry(entry: Entry): EntryJudgement {
  const hint = findPrefixHint(entry.prefix);
  const loopbackDrop = !entry.loopback || hint === 'passed' ? 'no' : hint === 'stopped' ? 'drop' : 'maybe';
  const sentences = [sayDirection(entry), sayInterface(entry), sayFate(entry), entry.incomplete ? INCOMPLETE : null];
  return { loopbackDrop, title: titleOf(entry), sentences: sentences.filter((sentence) => sentence !== null) };
}

const INCOMPLETE = 'The line does not say all: the packet or the line was cut short.';
const KINDS = { request: 'request', reply: 'reply', error: 'error message', unknown: 'packet' } as const;

function titleOf(entry: Entry): string {
  const subject = entry.embedded ?? entry;
  const port = servicePort(entry.direction, entry, entry.embedded);
  const service = port === null ? null : (findWellKnownService(port)?.label ?? null);
  const place = entry.loopback ? ' on loopback' : '';
  const protocol = entry.proto === null ? 'IP' : protocolName(entry.proto);
  const what = `${/^[AEIO]/.test(protocol) ? 'An' : 'A'} ${protocol} ${KINDS[entry.direction]}${place}`;
  const about = { request: 'to', reply: 'from', error: 'about', unknown: port === null ? 'to' : 'with' };
  const end = entry.direction === 'reply' ? subject.src : subject.dst;
  if (port === null) return end === null ? what : `${what}, ${about[entry.direction]} ${end}`;
  const lost = entry.spans.dst === undefined ? 'an address that is lost' : 'a blanked address';
  return `${what}, ${about[entry.direction]} ${service ?? 'a service'} at ${end ?? lost}, port ${port}`;
}

function sayDirection(entry: Entry): string {
  const port = servicePort(entry.direction, entry, entry.embedded);
  switch (entry.direction) {
    case 'request':
      if (port === null) return 'It is a request.';
      if (entry.proto === 'TCP' && entry.flags.includes('SYN'))
        return `It is a request: SYN without ACK opens a connection, so the service is the one behind DPT, ${port}.`;
      return `It is a request, by its ports: the service is the one behind DPT, ${port}.`;
    case 'reply':
      if (port === null) return 'It is a reply.';
      return `It is a reply: the service's port is SPT, ${port}; DPT is the client's. A rule that permits --dport ${port} lets the request out, but not this.`;
    case 'error':
      return entry.embedded === null
        ? 'It is an error message about another packet.'
        : 'It is an error message; the packet in brackets is the one that it is about.';
    case 'unknown':
      return 'The line does not tell whether it is a request or a reply.';
  }
}

const MAY_BE_FOR_ANOTHER =
  "It went by lo. If one of its addresses is another machine's, it is no loopback traffic, but this machine's own answer to a packet that a rule rejected on its way there.";

/** A reset or an error between two different addresses that are not loopback's: the line does not say whose they are. */
function mayBeForAnother(entry: Entry): boolean {
  const { src, dst } = entry.embedded ?? entry;
  const isAnswer = entry.embedded !== null || entry.flags.includes('RST');
  return isAnswer && src !== null && dst !== null && src !== dst && ![src, dst].some(isLoopbackText);
}

function sayInterface(entry: Entry): string {
  if (entry.loopback && mayBeForAnother(entry)) return MAY_BE_FOR_ANOTHER;
  if (entry.out === 'lo')
    return 'OUT=lo: the packet was leaving by the loopback interface. Its sender and its receiver are programs on this machine.';
  if (entry.in === 'lo')
    return 'IN=lo: the packet came back in by the loopback interface, so the outbound policy let it out.';
  if (entry.in === null && entry.out === null)
    return 'The line names no interface, so it does not tell whether this is loopback traffic.';
  if (entry.out !== null && isLoopbackText(entry.dst))
    return `It is no loopback traffic, though DST is a loopback address: it was leaving by ${entry.out}, since the program has bound its socket to that device. Such a packet arrives nowhere, and a loopback rule changes nothing for it.`;
  const way =
    entry.in !== null && entry.out !== null
      ? 'was being forwarded'
      : entry.out === null
        ? 'came in from outside'
        : 'was leaving for another machine';
  return `It is no loopback traffic: it ${way}. A loopback rule changes nothing for it.`;
}

function sayFate(entry: Entry): string | null {
  const hint = findPrefixHint(entry.prefix);
  if (hint === 'passed')
    return `The prefix "${entry.prefix}" marks packets that are watched or let through: the line is no sign of a drop.`;
  if (hint === 'stopped') {
    const drop = `The prefix "${entry.prefix}" says that the rule stops what it logs.`;
    return entry.loopback ? `${drop} This is a loopback drop: lo-doctor finds its rule and offers the fix.` : drop;
  }
  const rule = 'Logging alone drops nothing; what becomes of the packet is up to the rule behind the one that logs.';
  return entry.loopback
    ? `${rule} When that is the final rule of the policy, this is a loopback drop: lo-doctor check tells.`
    : rule;
}
