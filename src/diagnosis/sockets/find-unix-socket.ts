// A service that is called by a socket in the file system: no network, no lo, no firewall.
import type { Attempt } from '../attempt.ts';
import type { Cause } from '../causes/cause.ts';

/** `(2) … through socket '/run/mysqld/mysqld.sock'`, `connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed`, `unix:/run/php/php-fpm.sock` */
const SOCKET = /(\/[\w.@+/-]*(?:\.sock(?:et)?|\.s\.PGSQL\.\d+))(?![\w.])/;
/** PHP's words for it leave the path out: `SQLSTATE[HY000] [2002] No such file or directory`. */
const WITHOUT_PATH = /\[2002\] (?:No such file or directory|Permission denied)/;

const lineIn = (attempt: Attempt): string | undefined =>
  attempt.kind === 'command' && attempt.code !== 0
    ? attempt.output.split('\n').find((line) => (SOCKET.test(line) && /connect/i.test(line)) || WITHOUT_PATH.test(line))
    : undefined;

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /permission denied|\(13\)|EACCES/i,
    'The user may not open that socket: look at its owner and mode, and at those of its directory.',
  ],
  [/refused|\(111\)/i, 'The socket is there and nobody serves it: start the service, or look why it has ended.'],
  [
    /no such file|\(2\)|ENOENT/i,
    'There is no such socket: the service does not run, or makes it elsewhere; both sides have to name the same path.',
  ],
];

export const findUnixSocket: Cause = ({ attempts }) => {
  const line = attempts.map(lineIn).find((one) => one !== undefined);
  if (line === undefined) return null;
  const path = SOCKET.exec(line)?.[1];
  return {
    finding: {
      id: 'unix-socket',
      severity: 'problem',
      title:
        'The program calls its service by a socket in the file system: no packet is sent, and no firewall is asked.',
      evidence: [`its output: ${line.trim()}`],
      advice: `${ADVICE.find(([words]) => words.test(line))?.[1] ?? 'Look whether the service runs, and where its socket is.'} With 127.0.0.1 as the host instead of localhost or nothing, most clients use the network.`,
      commands: [...(path === undefined ? [] : [['ls', '-l', path]]), ['ss', '-xlp']],
    },
    blame: 'server',
    explains: [],
    command: 'says-why',
  };
};
