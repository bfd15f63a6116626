// When no loopback drop was seen: what else the evidence says. Each cause is a small function; nothing seen, nothing said.
import type { Ruleset } from '../firewall/model.ts';
import type { Trace } from '../firewall/trace.ts';
import type { Attempt } from './attempt.ts';
import { type Failure, listensTo } from './failures.ts';
import { findInOutput } from './find-in-output.ts';
import { findRedirected } from './find-redirected.ts';
import type { Finding } from './finding.ts';
import type { Listener } from './listener.ts';
import { nameAddress, namePort } from './names.ts';

/** What failed although no rule stops it: a failure, and its trace. */
export type Passing = { readonly failure: Failure; readonly trace: Trace };

/** `passing`: failures whose conversations the rules let through; `localhost`: its addresses in the order in which they are tried. */
export type Clues = {
  readonly ruleset: Ruleset;
  readonly listeners: readonly Listener[];
  readonly attempts: readonly Attempt[];
  readonly passing: readonly Passing[];
  readonly localhost: readonly string[];
};

const PASSES = 'by its rules the firewall lets this connection through';

const whereTo = ({ conversation }: Failure): string =>
  nameAddress(conversation.destination, conversation.destinationPort);

/** The listeners that wait at the port of a failure, at whatever address. */
const atPort = ({ listeners }: Clues, { conversation: { protocol, destinationPort } }: Failure): Listener[] =>
  listeners.filter((listener) => listener.protocol === protocol && listener.port === destinationPort);

const tellListener = ({ process, address, port }: Listener): string =>
  `${process ?? 'a process'} listens on ${address} port ${port} only`;

const isHeard = ({ listeners }: Clues, { conversation }: Failure): boolean => listeners.some(listensTo(conversation));

const findSentElsewhere = ({ ruleset, listeners, passing }: Clues): Finding | null =>
  passing.map(({ failure, trace }) => findRedirected(ruleset, listeners, failure, trace)).find(Boolean) ?? null;

/** By localhost a program comes to ::1 first, and the service waits at 127.0.0.1 alone. */
const findLocalhostIsIp6 = (clues: Clues): Finding | null => {
  const [first] = clues.localhost;
  if (first !== '::1') return null;
  const found = clues.passing.find(({ failure }) => {
    const isFirst = failure.name === 'localhost' && failure.conversation.destination === first;
    return isFirst && !isHeard(clues, failure) && atPort(clues, failure).some(({ address }) => !address.includes(':'));
  });
  if (found === undefined) return null;
  const { failure } = found;
  const port = failure.conversation.destinationPort;
  return {
    id: 'localhost-is-ip6',
    severity: 'problem',
    title: `localhost means ::1 first, where nobody listens on port ${port}.`,
    evidence: [
      failure.evidence,
      `localhost resolves to ${clues.localhost.join(', then ')}`,
      ...atPort(clues, failure).map(tellListener),
      PASSES,
    ],
    advice: 'Let the program use 127.0.0.1 instead of localhost, or let the service listen on ::1 too.',
    commands: [
      ['getent', 'ahosts', 'localhost'],
      ['ss', '-ltnp', `sport = :${port}`],
    ],
  };
};

/** A refusal that no rule explains: nobody listens at that address. */
const findNobodyListens = (clues: Clues): Finding | null => {
  const refused = clues.passing.filter(({ failure: { end } }) => end === 'refused').map(({ failure }) => failure);
  const failure = refused.find((one) => !isHeard(clues, one));
  // Of a name's addresses it is enough that one is listened at.
  if (failure === undefined || refused.some((one) => one.name === 'localhost' && isHeard(clues, one))) return null;
  const port = failure.conversation.destinationPort;
  const elsewhere = atPort(clues, failure);
  return {
    id: 'nobody-listens',
    severity: 'problem',
    title: `Nobody listens at ${whereTo(failure)}: the connection was refused by this server itself, not by a rule.`,
    evidence: [
      failure.evidence,
      PASSES,
      ...(elsewhere.length === 0 ? [`no process listens on TCP port ${port}`] : elsewhere.map(tellListener)),
    ],
    advice:
      elsewhere.length === 0
        ? `Start the service behind ${namePort(port)}, or let the program use another one.`
        : 'Let the service listen on the loopback address too, or let the program use the address it listens on.',
    commands: [['ss', '-ltnp', `sport = :${port}`]],
  };
};

/** No answer from a service that listens and that no rule keeps away. */
const findNoAnswer = (clues: Clues): Finding | null => {
  const silent = clues.passing.find(({ failure }) => failure.end === 'timed-out' && isHeard(clues, failure));
  if (silent === undefined) return null;
  const { failure } = silent;
  const [listener] = clues.listeners.filter(listensTo(failure.conversation));
  const port = failure.conversation.destinationPort;
  return {
    id: 'no-answer',
    severity: 'problem',
    title: `${listener?.process ?? 'The service'} listens at ${whereTo(failure)} and does not answer, though no rule is in the way.`,
    evidence: [failure.evidence, PASSES],
    advice:
      'The service hangs, or its queue of waiting connections is full: then ss shows a Recv-Q above Send-Q. Look at its own log.',
    commands: [['ss', '-ltn', `sport = :${port}`]],
  };
};

/** Netfilter's own refusal is EPERM; where the rules pass the packet, or the word is another, somebody else refused. */
const findNotPermitted = ({ passing }: Clues): Finding | null => {
  const refused = passing.find(({ failure: { end } }) => end === 'not-permitted');
  if (refused === undefined) return null;
  const { failure } = refused;
  return {
    id: 'permission',
    severity: 'problem',
    title: `The system does not permit the connection to ${whereTo(failure)}, and no firewall rule says so.`,
    evidence: [failure.evidence, PASSES],
    advice:
      'Something other than netfilter refuses it: a routing rule (prohibit), SELinux or AppArmor, or a filter on the control group of the service (IPAddressDeny= of systemd).',
    commands: [
      ['ip', 'route', 'get', failure.conversation.destination],
      ['journalctl', '-k', '-g', 'avc:|apparmor=', '-n', '20'],
    ],
  };
};

/** What failed and stays unexplained is told all the same. */
const tellUnexplained = ({ passing }: Clues): Finding | null => {
  const [first] = passing;
  if (first === undefined) return null;
  return {
    id: 'failed-unexplained',
    severity: 'notice',
    title: `The connection to ${whereTo(first.failure)} fails, though by its rules the firewall lets it through.`,
    evidence: passing.map(({ failure: { evidence } }) => evidence),
    advice:
      'Look at the log of the service behind it, and at what else decides: its own access rules, TCP wrappers, routing.',
    commands: [],
  };
};

/** All that was tried works: there is nothing to blame. */
const findAllWorks = ({ attempts }: Clues): Finding | null => {
  const works = (attempt: Attempt) =>
    attempt.kind === 'connection' ? attempt.end === 'connected' : attempt.code === 0;
  if (attempts.length === 0 || !attempts.every(works)) return null;
  return {
    id: 'all-works',
    severity: 'notice',
    title: 'What was tried works.',
    evidence: attempts.map((attempt) =>
      attempt.kind === 'connection'
        ? `${nameAddress(attempt.conversation.destination, attempt.conversation.destinationPort)} answers`
        : `${attempt.commandLine}: exit code 0`,
    ),
    advice:
      'Repeat exactly what fails, as the user that fails: a rule can judge users, ports and addresses differently.',
    commands: [],
  };
};

/** The findings, the strongest first; empty where nothing tells. */
export const findOtherCauses = (clues: Clues): Finding[] => {
  const sent = findSentElsewhere(clues);
  const causes = [
    ...(sent === null ? [findLocalhostIsIp6(clues), findNobodyListens(clues), findNoAnswer(clues)] : [sent]),
    findNotPermitted(clues),
    findInOutput(clues.attempts),
    findAllWorks(clues),
  ].filter((finding) => finding !== null);
  const unexplained = causes.length === 0 ? tellUnexplained(clues) : null;
  return unexplained === null ? causes : [unexplained];
};
