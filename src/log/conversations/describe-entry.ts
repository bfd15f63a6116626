// A netfilter line field by field in words, for somebody who reads one for the first time.

import { isLoopbackText } from '../packet/address.ts';
import type { Direction, EntryLine, EntryPacket } from '../packet/entry.ts';
import { TCP_FLAGS } from '../packet/fields.ts';
import { icmpCodeName, icmpTypeName } from '../packet/icmp-names.ts';
import { describeProtocol } from '../packet/protocols.ts';
import { findWellKnownService } from './services.ts';

/** One field as it stands in the line, what it means, and whether it is one that tells a loopback drop. */
export type FieldReading = { field: string; meaning: string; telling: boolean; embedded: boolean };

type Context = { packet: EntryPacket; direction: Direction; embedded: boolean; seen: Set<string> };
type Meaning = (value: string, context: Context) => string;

/** The fields of a line in its own order, each in words; those of the packet in brackets are marked `embedded`. */
export function describeEntry({ text, entry }: EntryLine): FieldReading[] {
  // A line that was torn names no device: what is left of it begins anywhere.
  const start = Math.min(entry.spans.in?.start ?? Infinity, entry.spans.out?.start ?? Infinity);
  const outer: Context = { packet: entry, direction: entry.direction, embedded: false, seen: new Set() };
  const inner: Context | null = entry.embedded && {
    packet: entry.embedded,
    direction: 'unknown',
    embedded: true,
    seen: new Set(),
  };
  let context = outer;
  const readings: FieldReading[] = [];
  for (const word of joinBrackets(text.slice(start === Infinity ? 0 : start).split(/\s+/))) {
    const opens = inner !== null && /^\[(SRC=|TRUNCATED)/.test(word);
    if (opens) context = inner;
    const field = word
      .replace(/^\[(?=SRC=|TRUNCATED)/, '')
      .replace(/(?<=.)\]$/, (end) => (word.includes('[') && !opens ? end : ''));
    const meaning = describeField(field, context);
    if (meaning !== null)
      readings.push({ field, meaning, telling: isTelling(field, context), embedded: context.embedded });
    if (word.endsWith(']') && !word.startsWith('INCOMPLETE')) context = outer;
  }
  return readings;
}

/** `INCOMPLETE [2 bytes]` and `OPT (0204…)` are one field each. */
function joinBrackets(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1) ?? '';
    const open =
      (last.startsWith('INCOMPLETE') && !last.endsWith(']') && /^\[?\w+\]?$/.test(word)) ||
      (last === 'OPT' && word.startsWith('('));
    if (open) joined[joined.length - 1] = `${last} ${word}`;
    else if (word !== '') joined.push(word);
  }
  return joined;
}

function describeField(field: string, context: Context): string | null {
  const equals = field.indexOf('=');
  const name = equals < 0 ? (field.split(/[ :]/, 1)[0] ?? '') : field.slice(0, equals);
  const meaning = (equals < 0 ? WORDS : FIELDS).get(name);
  if (meaning === undefined) return null;
  const again = context.seen.has(field.slice(0, equals + 1)) && equals > 0;
  context.seen.add(field.slice(0, equals + 1));
  if (again) return REPEATED.get(name) ?? null;
  return meaning(equals < 0 ? field : field.slice(equals + 1), context);
}

/** The fields that the article marks, and SPT where it is the service's. */
function isTelling(field: string, { direction, embedded }: Context): boolean {
  if (embedded) return false;
  return /^(OUT=lo|IN=lo|SRC=|DST=)/.test(field) || field.startsWith(direction === 'reply' ? 'SPT=' : 'DPT=');
}

function toMap(meanings: Record<string, Meaning>): ReadonlyMap<string, Meaning> {
  return new Map(Object.entries(meanings));
}

const constant =
  (text: string): Meaning =>
  () =>
    text;

function describeAddress(address: string | null, role: string): string {
  if (address === null) return `${role}: blanked`;
  if (isLoopbackText(address)) return `${role}: a loopback address, this machine itself`;
  if (/^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/.test(address))
    return `${role}: an address of a private network`;
  if (/^(22[4-9]|23\d)\.|^ff/.test(address)) return `${role}: a multicast group`;
  if (address === '255.255.255.255') return `${role}: everybody in this network`;
  return role;
}

function describePort(value: string, served: boolean, what: string): string {
  const service = findWellKnownService(Number(value));
  if (service && served) return `${what}, the service's: ${service.label}, used by ${service.use}`;
  if (served) return `${what}, the service's`;
  return `${what}, the client's own${Number(value) >= 32_768 ? ', taken at random for this conversation' : ''}`;
}

const PING_ID = 'number of the ping series: request and reply have the same';

/** What a second field of the same name says. */
const REPEATED: ReadonlyMap<string, string> = new Map([
  ['LEN', 'length of the UDP datagram inside, in bytes'],
  ['ID', PING_ID],
]);

const FLAG_WORDS: Record<string, string> = {
  AE: 'accurate congestion notification',
  CWR: 'congestion window reduced',
  ECE: 'congestion was met on the way',
  URG: 'urgent data',
  ACK: 'acknowledges what was received: not the first packet of a connection',
  PSH: 'data to be handed on at once',
  RST: 'reset: the connection is refused or broken off',
  SYN: 'opens a connection (without ACK a request, with ACK the reply to one)',
  FIN: 'closes the connection',
};

// Maps, because a line may say anything, constructor= included.
const WORDS: ReadonlyMap<string, Meaning> = toMap({
  CE: constant('congestion was met on the way'),
  DF: constant("don't fragment: must not be cut in pieces"),
  MF: constant('more fragments of this packet follow'),
  FRAG: constant('a piece of a larger packet; later pieces carry no ports'),
  OPT: (field) =>
    field === 'OPT (' ? 'further headers, up to the closing bracket' : 'options of the header, in hexadecimal',
  AH: constant('a header that proves who sent the packet'),
  ESP: constant('the rest is encrypted'),
  ID: constant('the number that all pieces of the packet share'),
  ARP: constant('no IP packet: a question for, or the answer with, a hardware address'),
  INCOMPLETE: (field) =>
    field === 'INCOMPLETE' ? 'more pieces of this packet follow' : 'the packet was too short for the rest to be read',
  TRUNCATED: constant('the packet was too short for its header to be read'),
  ...Object.fromEntries(TCP_FLAGS.map((flag) => [flag, constant(FLAG_WORDS[flag] ?? '')])),
});

const FIELDS: ReadonlyMap<string, Meaning> = toMap({
  IN: (value) => {
    if (value === '') return 'came in by no interface: the packet was made on this machine';
    return value === 'lo'
      ? 'came in by lo, the loopback interface: this machine talks to itself'
      : 'the interface it came in by';
  },
  OUT: (value) => {
    if (value === '') return 'leaves by no interface: the packet was for this machine';
    return value === 'lo'
      ? 'leaves by lo, the loopback interface: this machine talks to itself'
      : 'the interface it leaves by';
  },
  PHYSIN: constant('the port of the bridge it came in by'),
  PHYSOUT: constant('the port of the bridge it leaves by'),
  MAC: constant('hardware addresses: six bytes of the receiver, six of the sender, two for the kind of packet'),
  MACSRC: constant("the sender's hardware address"),
  MACDST: constant("the receiver's hardware address"),
  MACPROTO: constant('the kind of packet: 0800 is IPv4, 86dd IPv6, 0806 ARP'),
  SRC: (_, { packet }) => describeAddress(packet.src, 'source address, where it comes from'),
  DST: (_, { packet }) => describeAddress(packet.dst, 'destination address, where it goes'),
  LEN: constant('length of the whole packet in bytes'),
  TOS: constant('type of service: how urgent the sender thinks it is'),
  PREC: constant('precedence, the other part of the same byte'),
  TC: constant('traffic class: how urgent the sender thinks it is'),
  TTL: constant('time to live: how many routers it may still cross'),
  HOPLIMIT: constant('hop limit: how many routers it may still cross'),
  ID: (_, { packet }) =>
    packet.proto === 'ICMPv6' ? PING_ID : "the packet's own number: the same in two lines means the same packet",
  FLOWLBL: constant('flow label: the same for all packets of a conversation'),
  PROTO: (value) => describeProtocol(value) ?? 'the protocol inside, by its number',
  SPT: (value, { direction }) => describePort(value, direction === 'reply', 'source port'),
  DPT: (value, { direction }) => describePort(value, direction !== 'reply', 'destination port'),
  SEQ: (_, { packet }) => (packet.proto === 'TCP' ? 'sequence number of the first byte' : 'number of the ping'),
  ACK: constant('the number of the byte expected next; a number, not the flag ACK'),
  WINDOW: constant('how many bytes the sender is ready to take in'),
  RES: constant('reserved bits'),
  URGP: constant('where urgent data ends; 0 is the usual'),
  TYPE: (value, { packet }) => icmpTypeName(packet.proto, Number(value)) || 'the kind of message',
  CODE: (value, { packet }) =>
    icmpCodeName(packet.proto, packet.type, Number(value)) ||
    (value === '0' ? 'nothing more to say of the type' : 'a closer word on the type'),
  MTU: constant('the largest packet that fits on the way'),
  GATEWAY: constant('the gateway to use instead'),
  SPI: constant('which encrypted connection it belongs to'),
  UID: (value) => `the user whose program sent it${value === '0' ? ': root' : ''}`,
  GID: constant('the group of that user'),
  MARK: constant('a mark that another rule put on the packet'),
  OPCODE: (value) => (value === '1' ? 'a question' : value === '2' ? 'an answer' : 'kind of ARP message'),
  IPSRC: (_, { packet }) => describeAddress(packet.src, 'the address of who asks'),
  IPDST: (_, { packet }) => describeAddress(packet.dst, 'the address that is looked for'),
});
