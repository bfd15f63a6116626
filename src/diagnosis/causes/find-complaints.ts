// What the kernel and the audit log say meanwhile of other hands that throw packets and connections away.

import { type Failure, listensTo } from '../failures.ts';
import type { Finding } from '../finding.ts';
import type { Complaint } from '../witness.ts';
import type { Cause, Clues } from './cause.ts';

const MOST = 3;

const linesOf = ({ witness }: Clues, kind: Complaint['kind']): string[] =>
  (witness.complaints ?? []).filter((one) => one.kind === kind).map(({ line }) => line);

const failuresOf = ({ passing }: Clues, ...ends: readonly Failure['end'][]): Failure[] =>
  passing.map(({ failure }) => failure).filter(({ end }) => ends.includes(end));

const DENIED = /permission denied|operation not permitted|EACCES|EPERM|\(13\)/i;

/** What a denial says of whom it denied something: `pid=812 comm="php-fpm" … dest=5432`. */
const subjectOf = (line: string) => ({
  program: /\bcomm="([^"]+)"/.exec(line)?.[1] ?? null,
  pid: /\bpid=(\d+)/.exec(line)?.[1] ?? null,
  port: Number(/\b(?:dest|src|fport|lport)=(\d+)\b/.exec(line)?.[1] ?? Number.NaN),
});

const isAboutNetwork = (line: string): boolean => /\bfamily="?inet|name_connect|name_bind|_socket\b|\bnet_/.test(line);

/** There is always one that runs: only its number ties it. */
const SHELLS: readonly string[] = ['sh', 'bash', 'dash', 'sudo'];

/** The programs that a command line names, by their last part: `sudo -u www-data /usr/bin/php x.php` names three words and `php`. */
const wordsOf = (commandLine: string): string[] =>
  commandLine.split(/[\s;|&()"'`<>]+/).map((word) => word.slice(word.lastIndexOf('/') + 1));

/** Whether it denied something to the command, to a service behind it or at the place that failed, or about that very port. */
const isTied = (line: string, { attempts, listeners, passing }: Clues): boolean => {
  const { program, pid, port } = subjectOf(line);
  const commands = attempts.flatMap((one) => (one.kind === 'command' && one.code !== 0 ? [one] : []));
  const places = passing.flatMap(({ failure: { conversation, end } }) =>
    end === 'not-permitted' ? [conversation] : [],
  );
  return (
    commands.some(
      ({ commandLine, trail }) =>
        trail?.programs.some((one) => one.pid === pid || (one.name === program && !SHELLS.includes(one.name))) ||
        (program !== null && wordsOf(commandLine).includes(program)),
    ) ||
    places.some(
      (place) =>
        place.destinationPort === port ||
        (program !== null && listeners?.some((one) => listensTo(place)(one) && one.process === program)),
    )
  );
};

/** SELinux or AppArmor has denied something while a program was told that it may not. Of whom nothing ties to what failed, that is told as no more than it is. */
export const findDenial: Cause = (clues) => {
  const all = linesOf(clues, 'denial');
  const tied = all.filter((line) => isTied(line, clues));
  const lines = tied.length > 0 ? tied : all.filter(isAboutNetwork);
  const explains = failuresOf(clues, 'not-permitted');
  const isDenied =
    explains.length > 0 ||
    clues.attempts.some((one) => one.kind === 'command' && one.code !== 0 && DENIED.test(one.output));
  if (lines.length === 0 || !isDenied) return null;
  const who = lines.some((line) => line.includes('apparmor')) ? 'AppArmor' : 'SELinux';
  const told = { evidence: lines.slice(-MOST), commands: LOOK_AT[who] };
  return tied.length > 0
    ? {
        finding: {
          ...told,
          id: 'denied-by-policy',
          severity: 'problem',
          title: `${who} has denied it, not the firewall.`,
          advice:
            'Change the profile or the boolean that it names: aa-status and aa-logprof for AppArmor; ausearch -m avc and getsebool -a for SELinux (httpd_can_network_connect, say).',
        },
        blame: 'server',
        explains,
      }
    : {
        finding: {
          ...told,
          id: 'denial-meanwhile',
          severity: 'warning',
          title: `${who} has denied something meanwhile; that it was what failed here is possible, and not proved.`,
          advice: 'Look whether the program, process or port in the line has to do with what failed.',
        },
        blame: 'unknown',
        explains: [],
      };
};

const LOOK_AT: Record<'AppArmor' | 'SELinux', Finding['commands']> = {
  AppArmor: [['aa-status'], ['journalctl', '-k', '-g', 'apparmor=', '-n', '20']],
  SELinux: [['ausearch', '-m', 'avc', '-ts', 'recent']],
};

/** The table of connections is full: new ones are thrown away, whatever the rules say. */
export const findFullConntrack: Cause = (clues) => {
  const { conntrack } = clues.witness;
  const lines = linesOf(clues, 'conntrack-full');
  const isFull = conntrack !== null && conntrack.most > 0 && conntrack.count >= conntrack.most;
  const explains = failuresOf(clues, 'timed-out', 'not-permitted');
  // The kernel's line may be about another namespace of this machine: the own count has to be near it.
  const isNear = conntrack === null || conntrack.count >= conntrack.most * 0.8;
  if (explains.length === 0 || !(isFull || (lines.length > 0 && isNear))) return null;
  return {
    finding: {
      id: 'conntrack-full',
      severity: 'problem',
      title: "The kernel's table of connections is full: it throws new connections away, whatever the rules permit.",
      evidence: [
        ...explains.slice(0, 1).map(({ evidence }) => evidence),
        ...(conntrack === null ? [] : [`nf_conntrack_count is ${conntrack.count}, nf_conntrack_max ${conntrack.most}`]),
        ...lines.slice(-MOST),
      ],
      advice:
        'Find out who makes so many connections (conntrack -L), and let the table hold more. Traffic on lo need not be tracked at all (NOTRACK in the raw table).',
      commands: [
        ['conntrack', '-S'],
        ['sysctl', '-w', `net.netfilter.nf_conntrack_max=${(conntrack?.most ?? 131_072) * 2}`],
      ],
    },
    blame: 'server',
    explains,
  };
};

type Told = Pick<Finding, 'id' | 'title' | 'advice' | 'commands'>;

const NOTICES: Readonly<Record<'syn-flood' | 'martian', Told>> = {
  'syn-flood': {
    id: 'syn-flood',
    title: 'The kernel takes the connections to a port for a flood of SYNs.',
    advice:
      'More connections come to that port than the service takes. With SYN cookies they go on; without them they are thrown away.',
    commands: [
      ['ss', '-ltn'],
      ['sysctl', 'net.ipv4.tcp_syncookies'],
    ],
  },
  martian: {
    id: 'martian',
    title: 'The kernel has thrown packets away for addresses that can not be right where they came in.',
    advice:
      'A loopback address on another device than lo (without route_localnet), or a source that the routing does not expect there (rp_filter), is no matter of firewall rules.',
    commands: [
      ['sysctl', 'net.ipv4.conf.all.route_localnet', 'net.ipv4.conf.all.rp_filter', 'net.ipv4.conf.lo.rp_filter'],
      ['ip', 'route', 'get', '127.0.0.1'],
    ],
  },
};

/** What is said meanwhile and may have to do with a silence; the lines don't prove which connection was meant. */
const findNotice =
  (kind: keyof typeof NOTICES): Cause =>
  (clues) => {
    const lines = linesOf(clues, kind);
    if (lines.length === 0 || failuresOf(clues, 'timed-out', 'unreachable').length === 0) return null;
    return {
      finding: { ...NOTICES[kind], severity: 'warning', evidence: lines.slice(-MOST) },
      blame: 'unknown',
      explains: [],
    };
  };

export const findSynFlood = findNotice('syn-flood');
export const findMartian = findNotice('martian');
