// What else the evidence says where no rule stops what failed. Each cause is a small function; nothing seen, nothing said.

import type { Conversation } from '../../firewall/conversation/trace.ts';
import { nameAddress, namePort } from '../../naming/conversations.ts';
import { isSilentDatagram } from '../attempt.ts';
import { findElsewhere } from '../drops/find-elsewhere.ts';
import { findOutside } from '../drops/find-outside.ts';
import { type Failure, listenerOf } from '../failures.ts';
import { isListener, type Listener } from '../listener.ts';
import { findAddressFamily } from '../sockets/find-address-family.ts';
import { findBoundToDevice } from '../sockets/find-bound-to-device.ts';
import { findDistantListener } from '../sockets/find-distant-listener.ts';
import { findFullQueue, findUnseenDrop } from '../sockets/find-full-queue.ts';
import { findListenerOnDevice } from '../sockets/find-listener-on-device.ts';
import { findLocalPorts } from '../sockets/find-local-ports.ts';
import { findUnixSocket } from '../sockets/find-unix-socket.ts';
import { type Cause, type Clues, type FoundCause, PASSES, type Passing, tellRules } from './cause.ts';
import { findAllWorks } from './find-all-works.ts';
import { findCommandAlone } from './find-command-alone.ts';
import { findDenial, findFullConntrack, findMartian, findSynFlood } from './find-complaints.ts';
import { findControlGroup } from './find-control-group.ts';
import { findInOutput } from './find-in-output.ts';
import { findAddressAbsent, findInTheWay, findMaybeInTheWay, findPartlyInTheWay } from './find-in-the-way.ts';
import { findRedirected } from './find-redirected.ts';
import { findUnreachable } from './find-unreachable.ts';

const NOBODY_LOOKED = 'whether somebody listens there could not be looked at';

const whereTo = ({ conversation }: Failure): string =>
  nameAddress(conversation.destination, conversation.destinationPort);

/** The listeners that wait at the port of a failure, at whatever address. */
const atPort = ({ listeners }: Clues, { conversation: { protocol, destinationPort } }: Failure): Listener[] =>
  (listeners ?? []).filter((listener) => listener.protocol === protocol && listener.port === destinationPort);

const tellListener = ({ process, address, port }: Listener): string =>
  `${process ?? 'a process'} listens on ${address} port ${port} only`;

/** Known to be listened at; what nobody could look at is neither heard nor unheard. */
const isHeard = ({ listeners }: Clues, conversation: Conversation): boolean =>
  isListener(listenerOf(listeners, conversation));

const isUnheard = ({ listeners }: Clues, conversation: Conversation): boolean =>
  listenerOf(listeners, conversation) === null;

const failuresOf = (passing: readonly Passing[]): Failure[] => passing.map(({ failure }) => failure);

/** The failures at the same port, at whatever of this server's addresses. */
const samePort = ({ passing }: Clues, { conversation: { protocol, destinationPort } }: Failure): Failure[] =>
  failuresOf(passing).filter(
    ({ conversation }) => conversation.protocol === protocol && conversation.destinationPort === destinationPort,
  );

const findSentElsewhere: Cause = ({ ruleset, listeners, passing }) => {
  for (const { failure, trace } of passing) {
    const finding = findRedirected(ruleset, listeners, failure, trace);
    if (finding !== null) return { finding, blame: 'nat', explains: failuresOf(passing) };
  }
  return null;
};

/** By localhost a program comes to ::1 first, and the service waits at another of its addresses alone. */
const findLocalhostIsIp6: Cause = (clues) => {
  const [first, ...others] = clues.witness.localhost;
  if (first !== '::1') return null;
  const instead = (failure: Failure) =>
    ['127.0.0.1', ...others].find((destination) => isHeard(clues, { ...failure.conversation, destination }));
  const found = failuresOf(clues.passing).find(
    (failure) =>
      failure.name === 'localhost' &&
      failure.conversation.destination === first &&
      isUnheard(clues, failure.conversation) &&
      instead(failure) !== undefined,
  );
  if (found === undefined) return null;
  const port = found.conversation.destinationPort;
  return {
    finding: {
      id: 'localhost-is-ip6',
      severity: 'problem',
      title: `localhost means ::1 first, where nobody listens on port ${port}.`,
      evidence: [
        found.evidence,
        `localhost resolves to ${clues.witness.localhost.join(', then ')}`,
        ...atPort(clues, found).map(tellListener),
        tellRules(clues, found),
      ],
      advice: `Let the program use ${instead(found)} instead of localhost, or let the service listen on ::1 too.`,
      commands: [
        ['getent', 'ahosts', 'localhost'],
        ['ss', '-ltnp', `sport = :${port}`],
      ],
    },
    blame: 'server',
    explains: samePort(clues, found),
  };
};

/** A refusal that no rule explains: nobody listens at that address. */
const findNobodyListens: Cause = (clues) => {
  const refused = failuresOf(clues.passing).filter(({ end }) => end === 'refused');
  // Of a name's addresses it is enough that one is listened at.
  const isHeardByName = ({ name, conversation }: Failure) =>
    name === 'localhost' &&
    clues.witness.localhost.some((destination) => isHeard(clues, { ...conversation, destination }));
  const failure = refused.find((one) => isUnheard(clues, one.conversation) && !isHeardByName(one));
  if (failure === undefined) return null;
  const { protocol, destinationPort: port } = failure.conversation;
  const elsewhere = atPort(clues, failure);
  return {
    finding: {
      id: 'nobody-listens',
      severity: 'problem',
      title: `Nobody listens at ${whereTo(failure)}: the connection was refused by this server itself, not by a rule.`,
      evidence: [
        failure.evidence,
        tellRules(clues, failure),
        ...(elsewhere.length === 0
          ? [`no process listens on ${protocol.toUpperCase()} port ${port}`]
          : elsewhere.map(tellListener)),
      ],
      advice:
        elsewhere.length === 0
          ? `Start the service behind ${namePort(port)}, or let the program use another one.`
          : 'Let the service listen on the loopback address too, or let the program use the address it listens on.',
      commands: [['ss', protocol === 'udp' ? '-lunp' : '-ltnp', `sport = :${port}`]],
    },
    blame: 'server',
    explains: samePort(clues, failure),
  };
};

/** No answer to lo-doctor's own attempt from a service that listens and that no rule keeps away; what only a command says proves no silence. */
const findNoAnswer: Cause = (clues) => {
  const failure = failuresOf(clues.passing).find(
    (one) =>
      // A datagram that nobody answers may have been understood by nobody.
      one.end === 'timed-out' && one.isOwn && one.conversation.protocol === 'tcp' && isHeard(clues, one.conversation),
  );
  if (failure === undefined) return null;
  const heard = listenerOf(clues.listeners, failure.conversation);
  const port = failure.conversation.destinationPort;
  return {
    finding: {
      id: 'no-answer',
      severity: 'problem',
      title: `${(isListener(heard) ? heard.process : null) ?? 'The service'} listens at ${whereTo(failure)} and does not answer, though no rule is in the way.`,
      evidence: [failure.evidence, PASSES],
      advice:
        'The service hangs, or its queue of waiting connections is full: then ss shows a Recv-Q above Send-Q. Look at its own log.',
      commands: [['ss', '-ltn', `sport = :${port}`]],
    },
    blame: 'server',
    explains: samePort(clues, failure),
  };
};

/** No UDP service has to answer: a silence alone is told as what it is. */
const findSilentDatagrams: Cause = ({ passing }) => {
  const silent = failuresOf(passing).filter((one) => one.isOwn && isSilentDatagram(one));
  if (silent.length === 0) return null;
  return {
    finding: {
      id: 'no-answer-over-udp',
      severity: 'notice',
      title: `${silent.map(whereTo).join(', ')} gave no answer over UDP, which proves nothing by itself.`,
      evidence: [...silent.map(({ evidence }) => evidence), PASSES],
      advice: 'Not every service answers every datagram. Ask it with the program that uses it.',
      commands: [],
    },
    blame: 'unknown',
    explains: silent,
  };
};

/** Netfilter's own refusal is EPERM; where the rules pass the packet, or the word is another, somebody else refused. */
const findNotPermitted: Cause = ({ passing }) => {
  const failure = failuresOf(passing).find(({ end }) => end === 'not-permitted');
  if (failure === undefined) return null;
  return {
    finding: {
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
    },
    blame: 'server',
    explains: [failure],
  };
};

/** What failed and stays unexplained is told all the same. */
const tellUnexplained: Cause = ({ passing, listeners }) => {
  const [first] = passing;
  if (first === undefined) return null;
  return {
    finding: {
      id: 'failed-unexplained',
      severity: 'notice',
      title: `The connection to ${whereTo(first.failure)} fails, though by its rules the firewall lets it through.`,
      evidence: [
        ...passing.map(({ failure: { evidence } }) => evidence),
        ...(listeners === null ? [NOBODY_LOOKED] : []),
      ],
      advice:
        'Look at the log of the service behind it, and at what else decides: its own access rules, TCP wrappers, routing.',
      commands: [],
    },
    blame: 'unknown',
    explains: failuresOf(passing),
  };
};

/**
 * The causes, in the order in which they are looked for: what comes first and explains a failure keeps it from those behind it. A new cause is a
 * file of its own (find-….ts) with one line here; what it needs to know of the server is a field of Witness.
 */
const CAUSES: readonly Cause[] = [
  findBoundToDevice,
  findSentElsewhere,
  findInTheWay,
  findPartlyInTheWay,
  findAddressAbsent,
  findFullConntrack,
  findFullQueue,
  findListenerOnDevice,
  findDistantListener,
  findLocalhostIsIp6,
  findNobodyListens,
  findDenial,
  findMaybeInTheWay,
  findUnseenDrop,
  findLocalPorts,
  findUnixSocket,
  findAddressFamily,
  findSynFlood,
  findMartian,
  findOutside,
  findElsewhere,
  findControlGroup,
  findNoAnswer,
  findNotPermitted,
  findUnreachable,
  findSilentDatagrams,
  findInOutput,
  findCommandAlone,
  findAllWorks,
];

const explain = (causes: readonly Cause[], clues: Clues): FoundCause[] => {
  const found: FoundCause[] = [];
  for (const cause of causes) {
    const explained = new Set(found.flatMap(({ explains }) => explains));
    const passing = clues.passing.filter(({ failure }) => !explained.has(failure));
    const one = cause({ ...clues, passing, found });
    const isSaid = one?.command === 'fallback' && found.some(({ command }) => command === 'says-why');
    if (one !== null && !isSaid) found.push(one);
  }
  return found;
};

/** The causes that the evidence shows, the strongest first; empty where nothing tells. */
export const findOtherCauses = (clues: Clues): FoundCause[] => {
  const found = explain(CAUSES, clues);
  // A drop elsewhere may have nothing to do with what failed here.
  const isExplained = found.some(({ blame, explains }) => blame !== 'filter' || explains.length > 0);
  return isExplained ? found : [...found, ...explain([tellUnexplained], clues)];
};
