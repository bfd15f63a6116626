// Which sockets a command has while it runs: by ss, and by who started whom.
import type { Command, Host } from './host.ts';

/** A socket that was open meanwhile. `isOwn`: a process of the command has it. `device`: the one it is bound to. */
export type SeenSocket = {
  readonly protocol: 'tcp' | 'udp';
  /** As ss calls it: `SYN-SENT` waits for the first answer. */
  readonly state: string;
  readonly local: SocketEnd;
  readonly peer: SocketEnd;
  readonly device: string | null;
  readonly process: string | null;
  /** Null: ss says nothing of it, which it does of root's. */
  readonly uid: number;
  readonly isOwn: boolean;
  /** The control group of who has made it; null where an old ss does not tell. */
  readonly cgroup: string | null;
};

/** `port` null: any. */
export type SocketEnd = { readonly address: string; readonly port: number | null };

/**
 * Runs the command line that comes by standard input, so that no list of processes shows it, with nothing on its own standard input. The
 * outer shell stays, whatever the inner one becomes: it has the name, behind its script, that all this is found by.
 */
export const RUN_MARKED = 'set --; exec 3<&0 </dev/null; (eval "$(cat <&3)" 3<&-); exit $?';

/** How a command line is run for a watch, which is given to it as input; `mark` is a word of its own. */
export const markedCommand = (mark: string): Command => ['/bin/sh', '-c', RUN_MARKED, 'sh', mark];

/** Round by round: who has the mark in its command line, the processes, the sockets. Rarer after the first seconds. */
const WATCH = `round=0; while :; do
echo "@ $$"; grep -l -F -e "$0$1" /proc/[0-9]*/cmdline; cat /proc/[0-9]*/stat; ss -Hatunpe; round=$((round+1))
if [ $round -lt 40 ]; then sleep 0.05; else sleep 0.5; fi || sleep 1
done 2>/dev/null`;

/** Sockets that are remembered at the most. */
const MOST = 500;

/** Begins to watch; `stop` ends it and tells what was seen, what was there before left out unless it is the command's. Without ss: nothing. */
export function watchSockets(host: Host, mark: string): { stop(): readonly SeenSocket[] } {
  // The mark in two words: the watch itself must not be found by it.
  const followed = host.follow(['sh', '-c', WATCH, mark.slice(0, 4), mark.slice(4)]);
  const seen = new Map<string, SeenSocket>();
  const known = new Set<string>();
  let rounds = 0;
  const take = (round: Round) => {
    const own = descendants(round);
    for (const line of round.sockets) {
      const socket = parseSocket(line, own);
      if (socket === null) continue;
      const { protocol, local, peer, isOwn } = socket;
      const key = [protocol, local.address, local.port, peer.address, peer.port].join(' ');
      if (rounds === 0 && !isOwn) known.add(key);
      else if (!known.has(key) && (seen.has(key) || seen.size < MOST)) seen.set(key, earliest(seen.get(key), socket));
    }
    rounds += 1;
  };
  const read = async () => {
    let round: Round | null = null;
    for await (const line of followed.lines) {
      if (line.startsWith('@ ')) {
        if (round !== null) take(round);
        round = { watcher: line.slice(2), marked: [], processes: [], sockets: [] };
      } else if (round !== null) sort(round, line);
    }
  };
  void read();
  return {
    stop: () => {
      followed.stop();
      return [...seen.values()];
    },
  };
}

/** A socket that waited is told as one that did, and once the command's, it stays so. */
function earliest(before: SeenSocket | undefined, now: SeenSocket): SeenSocket {
  if (before === undefined) return now;
  const waits = [before, now].find(({ state }) => state === 'SYN-SENT') ?? now;
  return { ...waits, isOwn: before.isOwn || now.isOwn, process: now.process ?? before.process };
}

type Round = { watcher: string; marked: string[]; processes: Process[]; sockets: string[] };
type Process = { pid: string; name: string; parent: string };

/** `/proc/812/cmdline`, `812 (sh) S 1 …`, `tcp   SYN-SENT 0 1 …` */
function sort(round: Round, line: string): void {
  const mark = /^\/proc\/(\d+)\/cmdline$/.exec(line)?.[1];
  const process = /^(\d+) \((.*)\) \S (\d+) /.exec(line);
  if (mark !== undefined) round.marked.push(mark);
  else if (process !== null)
    round.processes.push({ pid: process[1] ?? '', name: process[2] ?? '', parent: process[3] ?? '' });
  else if (/^(tcp|udp) /.test(line)) round.sockets.push(line);
}

/** The marked shell and all that it has started, and what those have. */
function descendants({ marked, processes, watcher }: Round): ReadonlySet<string> {
  const own = new Set(marked.filter((pid) => pid !== watcher));
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of processes) {
      if (!own.has(parent) || own.has(pid) || pid === watcher) continue;
      own.add(pid);
      grown = true;
    }
  }
  return own;
}

/** `tcp   SYN-SENT 0      1      127.0.0.1:40000      127.0.0.1:8080  users:(("curl",pid=812,fd=5)) timer:(…) uid:33 ino:1 …` */
function parseSocket(line: string, own: ReadonlySet<string>): SeenSocket | null {
  const [protocol, state = '', , , local = '', peer = '', ...rest] = line.trim().split(/\s+/);
  if ((protocol !== 'tcp' && protocol !== 'udp') || state === 'LISTEN') return null;
  const more = rest.join(' ');
  const users = [...more.matchAll(/\("((?:[^"\\]|\\.)*)",pid=(\d+)/g)];
  return {
    protocol,
    state,
    local: parseEnd(local),
    peer: parseEnd(peer),
    device: /%([^:\]]+)/.exec(local)?.[1] ?? null,
    process: users[0]?.[1] ?? null,
    uid: Number(/\buid:(\d+)/.exec(more)?.[1] ?? 0),
    cgroup: /\bcgroup:(\S+)/.exec(more)?.[1] ?? null,
    isOwn: users.some(([, , pid = '']) => own.has(pid)),
  };
}

function parseEnd(text: string): SocketEnd {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  const address = text
    .slice(0, colon)
    .replace(/%[^\]]*/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/, '');
  return { address, port: Number.isInteger(port) && port > 0 ? port : null };
}
