// Who listens on this server: the services that a loopback conversation can be with.
import type { Host } from '../host.ts';
import { parseProcSockets, SOCKET_TABLES } from './parse-proc-sockets.ts';
import { splitEnd } from './split-end.ts';

/** A listening socket; `process` and `pid` are null where they may not be read. `address` without brackets, `*` for any. */
export type ListeningSocket = {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly process: string | null;
  readonly pid: number | null;
};

/** All listening TCP and UDP sockets, by `ss`, `netstat`, or the kernel's own tables, which name no programs. Null where nothing tells. */
export async function readListeners(host: Host): Promise<ListeningSocket[] | null> {
  const ss = await host.run(['ss', '-H', '-ltnup']);
  if (ss.code === 0) return ss.stdout.split('\n').flatMap(parseSsLine);
  const netstat = await host.run(['netstat', '-lntup']);
  if (netstat.code === 0) return netstat.stdout.split('\n').flatMap(parseNetstatLine);
  const { stdout } = await host.run(['cat', ...SOCKET_TABLES]);
  // A kernel without IPv6 has no such tables; without the first one nothing is known.
  return /\blocal_address .* inode\s*$/m.test(stdout) ? fromTables(stdout) : null;
}

const fromTables = (text: string): ListeningSocket[] =>
  parseProcSockets(text).flatMap(({ protocol, state, local: { address, port } }) =>
    port !== null && (state === 'LISTEN' || (protocol === 'udp' && state === 'UNCONN'))
      ? [{ protocol, address, port, process: null, pid: null }]
      : [],
  );

/** `tcp   LISTEN 0      128      127.0.0.1%lo:25      0.0.0.0:*    users:(("master",pid=812,fd=13),…)` */
function parseSsLine(line: string): ListeningSocket[] {
  const [protocol = '', , , , local = '', , ...users] = line.trim().split(/\s+/);
  const user = /\(\("(.*?)",pid=(\d+)/.exec(users.join(' '));
  return toSocket(protocol, local, user?.[1], user?.[2]);
}

/** `tcp6       0      0 ::1:25       :::*        LISTEN      812/master`; a UDP line has no state. */
function parseNetstatLine(line: string): ListeningSocket[] {
  const [protocol = '', , , local = '', ...rest] = line.trim().split(/\s+/);
  const user = /\b(\d+)\/(\S+)/.exec(rest.join(' '));
  return toSocket(protocol.replace(/6$/, ''), local, user?.[2], user?.[1]);
}

function toSocket(protocol: string, local: string, process = '', pid = ''): ListeningSocket[] {
  const end = splitEnd(local);
  const port = Number(end?.port);
  if ((protocol !== 'tcp' && protocol !== 'udp') || end === null || !Number.isInteger(port)) return [];
  return [{ protocol, address: end.address, port, process: process || null, pid: pid === '' ? null : Number(pid) }];
}
