// When no loopback drop was seen: what else the evidence says. Each cause is a small function; nothing seen, nothing said.
import type { Conversation } from '../firewall/trace.ts';
import type { EntryLine } from '../log/entry.ts';
import { findService } from '../log/services.ts';
import type { Attempt } from './attempt.ts';
import type { Finding } from './finding.ts';
import type { Listener } from './listener.ts';

type Seen = { readonly listeners: readonly Listener[]; readonly attempts: readonly Attempt[] };
type ConnectionAttempt = Extract<Attempt, { kind: 'connection' }>;

const connections = ({ attempts }: Seen): ConnectionAttempt[] =>
  attempts.filter((attempt) => attempt.kind === 'connection');

const endpoint = ({ destination, destinationPort }: Conversation): string =>
  destination.includes(':') ? `[${destination}]:${destinationPort}` : `${destination}:${destinationPort}`;

const nameOf = (port: number | null): string => {
  const service = port === null ? null : findService(port);
  return service === null ? `port ${port}` : `${service.label} (port ${port})`;
};

/** Drops of other traffic: the firewall is at work, but not on lo. */
const findElsewhere = (elsewhere: readonly EntryLine[]): Finding | null => {
  const outgoing = elsewhere.filter(({ entry }) => entry.out !== null && entry.in === null);
  if (outgoing.length === 0) return null;
  const targets = [
    ...new Set(
      outgoing.map(
        ({ entry }) =>
          `${entry.proto} to ${entry.dst}${entry.dpt === null ? '' : ` port ${entry.dpt}`} by ${entry.out}`,
      ),
    ),
  ];
  return {
    id: 'blocked-elsewhere',
    severity: 'problem',
    title: 'Outbound packets to other hosts were logged by the firewall meanwhile.',
    evidence: targets.slice(0, 5),
    advice:
      'Loopback is not the cause. If the failing program needs these destinations, permit them in the outbound policy; ask whoever owns the policy.',
    commands: [],
  };
};

/** A refusal that no rule explains: nobody listens at that address. */
const findNobodyListens = (seen: Seen): Finding | null => {
  const refused = connections(seen).find(({ end }) => end === 'refused');
  if (refused === undefined) return null;
  const { destinationPort } = refused.conversation;
  const elsewhere = seen.listeners.filter(({ port, protocol }) => port === destinationPort && protocol === 'tcp');
  return {
    id: 'nobody-listens',
    severity: 'problem',
    title: `Nobody listens at ${endpoint(refused.conversation)}: the connection was refused by this server itself, not by a rule.`,
    evidence: [
      `connecting to ${endpoint(refused.conversation)}: refused at once`,
      'by its rules the firewall lets this connection through',
      ...(elsewhere.length === 0
        ? [`no process listens on TCP port ${destinationPort}`]
        : elsewhere.map(
            ({ address, process }) => `${process ?? 'a process'} listens on ${address} port ${destinationPort} only`,
          )),
    ],
    advice:
      elsewhere.length === 0
        ? `Start the service behind ${nameOf(destinationPort)}, or let the program use another one.`
        : 'Let the service listen on the loopback address too, or let the program use the address it listens on.',
    commands: [['ss', '-ltnp', `sport = :${destinationPort}`]],
  };
};

/** A command that failed although nothing was dropped, with what its own words point to. */
const HINTS: readonly (readonly [pattern: RegExp, id: string, title: string, advice: string])[] = [
  [
    /could not resolve|name or service not known|temporary failure in name resolution|getaddrinfo/i,
    'name-resolution',
    'The command could not resolve a name.',
    'Look at /etc/resolv.conf and /etc/hosts; getent hosts NAME shows what this server makes of the name.',
  ],
  [
    /certificate|ssl|tls handshake/i,
    'tls',
    'The command reached its server and failed on TLS.',
    'Look at the certificate, its name and date; no firewall rule is part of that.',
  ],
  [
    /login incorrect|authentication failed|access denied|permission denied \(publickey|530 |535 /i,
    'login',
    'The command reached its server, which refused the login.',
    'Check user name and password; no firewall rule is part of that.',
  ],
  [
    /permission denied|operation not permitted/i,
    'permission',
    'The system refused the command something.',
    'A permission of a file or of the user, SELinux or AppArmor may be the cause: see the audit log.',
  ],
];

const findInOutput = ({ attempts }: Seen): Finding | null => {
  const failed = attempts.find((attempt) => attempt.kind === 'command' && attempt.code !== 0);
  if (failed?.kind !== 'command') return null;
  for (const [pattern, id, title, advice] of HINTS) {
    const line = failed.output.split('\n').find((one) => pattern.test(one));
    if (line !== undefined)
      return { id, severity: 'problem', title, evidence: [`its output: ${line.trim()}`], advice, commands: [] };
  }
  return null;
};

/** All that was tried works: there is nothing to blame. */
const findAllWorks = ({ attempts }: Seen): Finding | null => {
  const works = (attempt: Attempt) =>
    attempt.kind === 'connection' ? attempt.end === 'connected' : attempt.code === 0;
  if (attempts.length === 0 || !attempts.every(works)) return null;
  return {
    id: 'all-works',
    severity: 'notice',
    title: 'What was tried works.',
    evidence: attempts.map((attempt) =>
      attempt.kind === 'connection'
        ? `${endpoint(attempt.conversation)} answers`
        : `${attempt.commandLine}: exit code 0`,
    ),
    advice:
      'Repeat exactly what fails, as the user that fails: a rule can judge users, ports and addresses differently.',
    commands: [],
  };
};

const nothingSeen: Finding = {
  id: 'nothing-logged',
  severity: 'notice',
  title: 'The firewall wrote no entry meanwhile.',
  evidence: [],
  advice:
    'Either nothing was dropped, or the failing action did not happen in this time. Repeat it while lo-doctor watches, as the user and on the way that fails.',
  commands: [],
};

/** The findings, the strongest first; never empty. */
export const findOtherCauses = (seen: Seen, elsewhere: readonly EntryLine[]): Finding[] => {
  const found = [findNobodyListens(seen), findInOutput(seen), findElsewhere(elsewhere), findAllWorks(seen)].filter(
    (finding) => finding !== null,
  );
  return found.length > 0 ? found : [nothingSeen];
};
