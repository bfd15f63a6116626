// EADDRNOTAVAIL: the kernel had no local port left, or no such address; no packet was ever sent.
import { nameAddress } from '../../naming/conversations.ts';
import type { Attempt } from '../attempt.ts';
import type { Cause, Clues } from '../causes/cause.ts';
import type { LocalPorts } from '../witness.ts';

/** The system's words, Go's, Java's, Windows-like ones of Mono, and MySQL's number. */
const WORDS = /can(?:no|')t assign requested address|address not available|EADDRNOTAVAIL|\(99\)/i;

const wordsOf = (attempt: Attempt): string => (attempt.kind === 'command' ? attempt.output : attempt.detail);

const lineIn = (attempt: Attempt): string | undefined =>
  wordsOf(attempt)
    .split('\n')
    .find((line) => WORDS.test(line))
    ?.trim();

/** Whether an attempt failed for want of a local port or address. */
export const isWithoutLocalPort = (attempt: Attempt): boolean =>
  (attempt.kind === 'command' ? attempt.code !== 0 : attempt.end !== 'connected') && lineIn(attempt) !== undefined;

/** From nine tenths on a range counts as used up: the moment of the failure is over. */
const NEARLY = 0.9;

const busiestOf = ({ peers }: LocalPorts): readonly [peer: string, taken: number] | null =>
  [...peers].toSorted(([, one], [, other]) => other - one)[0] ?? null;

const tellPorts = (ports: LocalPorts): string[] => {
  const size = ports.last - ports.first + 1;
  const busiest = busiestOf(ports);
  return [
    `net.ipv4.ip_local_port_range is ${ports.first} to ${ports.last}: ${size} ports for each place that is called`,
    ...(busiest === null ? [] : [`ss: ${busiest[1]} of them are connected to ${busiest[0]} now`]),
    ...ports.summary.map((line) => `ss -s: ${line}`),
  ];
};

const isUsedUp = (ports: LocalPorts): boolean =>
  (busiestOf(ports)?.[1] ?? 0) >= (ports.last - ports.first + 1) * NEARLY;

const tellAttempt = (attempt: Attempt): string =>
  attempt.kind === 'command'
    ? `its output: ${lineIn(attempt)}`
    : `connecting to ${nameAddress(attempt.conversation.destination, attempt.conversation.destinationPort)}: ${lineIn(attempt)}`;

/** `::1` in the words, or tried, where lo has no such address. */
const isWithoutAddress = ({ witness }: Clues, failing: readonly Attempt[]): boolean =>
  witness.wayFaults.some(({ kinds, outcome }) => kinds.includes('ip6') && outcome !== 'works') &&
  failing.some(
    (one) =>
      /(?<![\w:])::1\b/.test(lineIn(one) ?? '') ||
      (one.kind === 'connection' && one.conversation.destination === '::1'),
  );

export const findLocalPorts: Cause = (clues) => {
  const failing = clues.attempts.filter(isWithoutLocalPort);
  if (failing.length === 0) return null;
  const explains = clues.passing.map(({ failure }) => failure).filter(({ evidence }) => WORDS.test(evidence));
  const told = failing.map(tellAttempt);
  const reached = clues.attempts.flatMap((one) =>
    one.kind === 'connection' && one.because !== undefined && one.end === 'connected'
      ? [
          `lo-doctor's own attempt at ${nameAddress(one.conversation.destination, one.conversation.destinationPort)}, right after it, is answered`,
        ]
      : [],
  );
  if (isWithoutAddress(clues, failing)) {
    const fault = clues.witness.wayFaults.find(({ kinds, outcome }) => kinds.includes('ip6') && outcome !== 'works');
    const finding = fault?.finding;
    if (finding !== undefined)
      return {
        finding: { ...finding, severity: 'problem', evidence: [...told, ...finding.evidence] },
        blame: 'server',
        explains,
        command: 'says-why',
      };
  }
  const { localPorts } = clues.witness;
  const usedUp = localPorts !== null && isUsedUp(localPorts);
  return {
    finding: {
      id: 'no-local-port',
      severity: 'problem',
      title: usedUp
        ? 'The local ports are used up: the system has none left to call from, and sent no packet.'
        : 'The system had no local port or no such address to call from, and sent no packet.',
      evidence: [...told, ...reached, ...(localPorts === null ? [] : tellPorts(localPorts))],
      advice: usedUp
        ? 'Too many connections to one place are open or wait to be forgotten (TIME-WAIT): let the program keep and reuse its connections, or widen the range of local ports.'
        : 'Local ports may have been used up at that moment (look again while it fails), or the program binds itself to an address that this server does not have.',
      commands: [
        ['ss', '-s'],
        ['ss', '-tan', 'state', 'time-wait'],
        ['sysctl', 'net.ipv4.ip_local_port_range'],
      ],
    },
    blame: 'server',
    explains,
    command: 'says-why',
  };
};
