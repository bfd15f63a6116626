// One round of a look at a server's processes and sockets, as `ss`, or the kernel's own tables, and /proc/PID/stat have them.
import { type ProcSocket, parseProcSockets } from './parse-proc-sockets.ts';
import { splitEnd } from './split-end.ts';

/** `port` null: any. */
export type SocketEnd = { readonly address: string; readonly port: number | null };

/** A socket as it stood in one round; `pids`: whose it is, empty where nothing tells. */
export type RoundSocket = {
  readonly protocol: 'tcp' | 'udp';
  readonly state: string;
  readonly local: SocketEnd;
  readonly peer: SocketEnd;
  readonly device: string | null;
  readonly process: string | null;
  readonly uid: number;
  readonly cgroup: string | null;
  readonly pids: readonly string[];
};

/** `start`: when it was started, so that a number that is given again is no longer the same process. */
export type RoundProcess = {
  readonly pid: string;
  readonly name: string;
  readonly parent: string;
  readonly start: string;
};

/** `watcher`: the shell that looks; `marked`: who has the mark in its command line. */
export type Round = {
  readonly watcher: string;
  readonly marked: readonly string[];
  readonly processes: readonly RoundProcess[];
  readonly sockets: readonly RoundSocket[];
};

/** The lines of a round: `@ PID` of the watcher first, then in any order what grep, /proc/PID/stat, ss, the tables and `ls -l` print. */
export function parseSocketRound(lines: readonly string[]): Round {
  const marked: string[] = [];
  const processes: RoundProcess[] = [];
  const sockets: RoundSocket[] = [];
  const tables: string[] = [];
  const holders = new Map<string, string[]>();
  let folder = '';
  for (const line of lines) {
    // `/proc/812/cmdline`
    const mark = /^\/proc\/(\d+)\/cmdline$/.exec(line)?.[1];
    // `812 (sh) S 1 …`, of which the twentieth word behind the name is the start.
    const process = /^(\d+) \((.*)\) (\S (\d+) .*)$/.exec(line);
    // `/proc/812/fd:`, then `lrwx------ 1 root root 64 Nov 28 16:00 3 -> socket:[4711]`
    const place = /^\/proc\/(\d+)\/fd:$/.exec(line)?.[1];
    const inode = /-> '?socket:\[(\d+)\]/.exec(line)?.[1];
    if (mark !== undefined) marked.push(mark);
    else if (process !== null) processes.push(toProcess(process));
    else if (place !== undefined) folder = place;
    else if (inode !== undefined) holders.set(inode, [...(holders.get(inode) ?? []), folder]);
    else if (/^(tcp|udp) /.test(line)) sockets.push(...parseSocket(line));
    else if (/^\s*(sl\s+local_address|\d+: [\dA-F]+:)/.test(line)) tables.push(line);
  }
  const names = new Map(processes.map(({ pid, name }) => [pid, name]));
  const fromTables = parseProcSockets(tables.join('\n')).map((socket) => toSocket(socket, holders, names));
  return {
    watcher: /^@ (\d+)/.exec(lines[0] ?? '')?.[1] ?? '',
    marked,
    processes,
    sockets: [...sockets, ...fromTables],
  };
}

function toProcess([, pid = '', name = '', rest = '', parent = '']: RegExpExecArray): RoundProcess {
  return { pid, name, parent, start: rest.split(' ')[19] ?? '' };
}

function toSocket(
  { inode, ...socket }: ProcSocket,
  holders: ReadonlyMap<string, readonly string[]>,
  names: ReadonlyMap<string, string>,
): RoundSocket {
  const pids = holders.get(inode) ?? [];
  return { ...socket, device: null, cgroup: null, pids, process: names.get(pids[0] ?? '') ?? null };
}

/** `tcp   SYN-SENT 0      1      127.0.0.1:40000      127.0.0.1:8080  users:(("curl",pid=812,fd=5)) timer:(…) uid:33 ino:1 …` */
function parseSocket(line: string): RoundSocket[] {
  const [protocol, state = '', , , local = '', peer = '', ...rest] = line.trim().split(/\s+/);
  if (protocol !== 'tcp' && protocol !== 'udp') return [];
  const more = rest.join(' ');
  const users = [...more.matchAll(/\("((?:[^"\\]|\\.)*)",pid=(\d+)/g)];
  return [
    {
      protocol,
      state,
      local: parseEnd(local),
      peer: parseEnd(peer),
      device: splitEnd(local)?.device ?? null,
      process: users[0]?.[1] ?? null,
      // ss says nothing of it where it is root's.
      uid: Number(/\buid:(\d+)/.exec(more)?.[1] ?? 0),
      cgroup: /\bcgroup:(\S+)/.exec(more)?.[1] ?? null,
      pids: users.map(([, , pid = '']) => pid),
    },
  ];
}

function parseEnd(text: string): SocketEnd {
  const { address, port } = splitEnd(text) ?? { address: text, port: '' };
  const number = Number(port);
  return {
    address: address.replace(/^::ffff:(?=\d+\.)/, ''),
    port: Number.isInteger(number) && number > 0 ? number : null,
  };
}
