// A trace for people: what becomes of the conversation, then its way, hook by hook and rule by rule.

import type { Finding } from '../../diagnosis/finding.ts';
import type {
  Doubt,
  HookTrace,
  Met,
  PacketTrace,
  PassedRules,
  RulePlace,
  SentAway,
  Trace,
  Written,
} from '../../firewall/conversation/trace.ts';
import { formatAddress } from '../../firewall/model/address.ts';
import type { Packet } from '../../firewall/model/packet.ts';
import { nameAddress } from '../../naming/conversations.ts';
import { count } from '../../naming/numbers.ts';
import { nameChain, nameRule } from '../../naming/rules.ts';
import { printable } from '../../words/printable.ts';

/** Longer runs of rules that don't match are shown as one line. */
const LONGEST_RUN = 12;

/** The whole answer, `inTheWay` beside the rules and what the dumps don't hold (`missing`) included, as lines that need no colour to be understood. */
export function traceText(
  trace: Trace,
  inTheWay: readonly Finding[] = [],
  missing: readonly string[] | null = null,
): string {
  const faults = inTheWay.flatMap(({ title, evidence }) => [`  ${title}`, ...evidence.map((line) => `    ${line}`)]);
  const isAll = trace.outcome === 'blocked' || missing === null || missing.length === 0;
  const lines = [
    ...summary(trace, faults),
    ...(isAll ? [] : [`  Not in the dump: ${missing.join('; ')}.`]),
    ...trace.packets.flatMap((packet) => ['', ...packetLines(packet, trace)]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

const OUTCOMES: Readonly<Record<Trace['outcome'], string>> = {
  works: 'works',
  leaves: 'leaves lo by NAT',
  blocked: 'blocked',
  unknown: "can't be told",
};
const LOGGED = {
  yes: 'The kernel writes a log line about it.',
  no: 'The kernel writes no log line about it.',
  maybe: 'Whether the kernel writes a log line about it depends.',
};
const PACKETS = {
  request: 'request',
  reply: 'reply',
  'established-request': 'what the client sends then',
  'established-reply': 'what the server sends then',
  error: 'the error that REJECT sends back',
};

function summary(
  { conversation, outcome, sentAway, logged, stoppedAt, unknown }: Trace,
  faults: readonly string[],
): string[] {
  const { protocol, source, sourcePort, destination, destinationPort, uid } = conversation;
  const ends = `${nameAddress(source, sourcePort)} -> ${nameAddress(destination, destinationPort)}`;
  const stop = stoppedAt && [
    `  Stopped in ${stoppedAt.hook.toUpperCase()} (${PACKETS[stoppedAt.packet]}), by ${nameRule(stoppedAt.rule)}:`,
    `    ${stoppedAt.rule.text}`,
    ...explainStop(stoppedAt.rule),
  ];
  return [
    `${protocol.toUpperCase()} ${ends}, uid ${uid}: ${OUTCOMES[outcome]}.`,
    ...(stop ?? []),
    ...sentAway.flatMap(tellSentAway),
    ...faults,
    `  ${LOGGED[logged]}`,
    ...unknown.flatMap(doubtLines),
  ];
}

/** What is known of the rest of its way. */
function tellSentAway({ address, port, rule }: SentAway): string[] {
  const where = address === null ? 'one of several addresses' : nameAddress(address, port);
  return [
    `  Sent to ${where}, which is no address of this server, by ${nameRule(rule)}:`,
    `    ${rule.text}`,
    '  From there on it is no loopback conversation: other rules judge it, and whether it is answered is not known.',
  ];
}

/** A rule without a verdict stops what the kernel does not take afterwards. */
function explainStop({ text }: RulePlace): string[] {
  return text.includes('meta pkttype set')
    ? ['    It says that the packet is not meant for this host: TCP takes no such packet.']
    : [];
}

function doubtLines({ rule, what, settledBy }: Doubt): string[] {
  return [`  It depends on "${what}" in ${nameRule(rule)}; to settle it: ${settledBy}.`];
}

function packetLines({ packet, hooks }: PacketTrace, trace: Trace): string[] {
  const stop = packet === trace.stoppedAt?.packet ? trace.stoppedAt.rule : null;
  let known = '';
  const lines = hooks.flatMap((hook) => {
    const before = known;
    known = describePacket(hook.packet);
    // NAT rewrites a packet between two hooks.
    return [...(before === '' || before === known ? [] : [`  rewritten by NAT: ${known}`]), ...hookLines(hook, stop)];
  });
  const [first] = hooks;
  return [`${PACKETS[packet]}${first ? `: ${describePacket(first.packet)}` : ''}`, ...lines];
}

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

/** `TCP SYN 127.0.0.1:40000 -> 127.0.0.1:25`. */
function describePacket({ source, destination, transport }: Packet): string {
  const end = (address: Packet['source'], port: number | null) =>
    nameAddress(address === null ? '?' : formatAddress(address), port);
  switch (transport.kind) {
    case 'tcp': {
      const flags = FLAGS.filter((_, bit) => (transport.flags >> bit) & 1).join(' ');
      return `TCP ${flags} ${end(source, transport.sourcePort)} -> ${end(destination, transport.destinationPort)}`;
    }
    case 'udp':
      return `UDP ${end(source, transport.sourcePort)} -> ${end(destination, transport.destinationPort)}`;
    case 'icmp':
      return `ICMP type ${transport.type} ${end(source, null)} -> ${end(destination, null)}`;
    case 'icmpv6':
      return `ICMPv6 type ${transport.type} ${end(source, null)} -> ${end(destination, null)}`;
  }
}

const VERDICTS = { accept: 'passes', drop: 'dropped', reject: 'rejected', unknown: 'not known' };

function hookLines({ hook, verdict, way, logs }: HookTrace, stop: RulePlace | null): string[] {
  const lines = [`  ${hook.toUpperCase()}: ${VERDICTS[verdict]}`];
  let chain = '';
  for (const part of way) {
    const place = nameChain('rule' in part ? part.rule : part.first);
    if (place !== chain) lines.push(`    ${place}`);
    chain = place;
    lines.push(...('rule' in part ? [metLine(part, stop)] : passedLines(part, stop)));
  }
  return [...lines, ...logs.map(logLine)];
}

function passedLines(passed: PassedRules, stop: RulePlace | null): string[] {
  const { count: number, first, last } = passed;
  if (number <= LONGEST_RUN) return passed.each.map((met) => metLine(met, stop));
  return [`    ${`${first.number}-${last.number}`.padStart(9)}  no       ${count(number, 'rule')} that don't match`];
}

function logLine({ rule, log, certain }: Written): string {
  return `    logged${certain === 'yes' ? '' : ` (${certain})`} by ${nameRule(rule)}${log.prefix ? `, "${log.prefix}"` : ''}`;
}

function metLine({ rule, match, doubts }: Met, stop: RulePlace | null): string {
  const stops = stop !== null && match !== 'no' && samePlace(rule, stop);
  const number = rule.number === 0 ? '' : String(rule.number);
  const why = doubts.map(({ what }) => `  [${what}?]`).join('');
  return `  ${stops ? '=>' : '  '}${number.padStart(9)}  ${match.padEnd(7)}  ${rule.text}${why}${stops ? '  <= stopped here' : ''}`;
}

function samePlace(one: RulePlace, other: RulePlace): boolean {
  return (
    one.layer === other.layer &&
    one.variant === other.variant &&
    one.family === other.family &&
    one.table === other.table &&
    one.chain === other.chain &&
    one.number === other.number
  );
}
