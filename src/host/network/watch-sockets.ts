// Which sockets a command has while it runs, and those of the programs that it talks to: by ss, and by who started whom.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, Host } from '../host.ts';
import { SOCKET_TABLES } from './parse-proc-sockets.ts';
import {
  parseSocketRound,
  type Round,
  type RoundProcess,
  type RoundSocket,
  type SocketEnd,
} from './parse-socket-round.ts';

/**
 * A socket that was open meanwhile. `state` as ss calls it: `SYN-SENT` waits for the first answer. `isOwn`: a process of the command has it; `isBehind`:
 * a program has it that the command had a connection with, or one behind that. `device`: the one it is bound to; `cgroup`: null where an old ss does not tell.
 */
export type SeenSocket = Omit<RoundSocket, 'pids'> & { readonly isOwn: boolean; readonly isBehind: boolean };

/** `programs`: the command's own processes and those behind it. */
export type SeenSockets = {
  readonly sockets: readonly SeenSocket[];
  readonly programs: readonly { readonly pid: string; readonly name: string }[];
};

/**
 * Runs the command line that comes by standard input, so that no list of processes shows it, with nothing on its own standard input. The
 * outer shell stays, whatever the inner one becomes: it has the name, behind its script, that all this is found by. The inner one is a shell and no
 * subshell, so that `$$` is the process that the command line runs in, as at a terminal.
 */
export const RUN_MARKED = `exec 3<&0 </dev/null; /bin/sh -c 'set --; eval "$(cat <&3)" 3<&-' sh "$1"; exit $?`;

/** How a command line is run for a watch, which is given to it as input; `mark` is a word of its own. */
export const markedCommand = (mark: string): Command => ['/bin/sh', '-c', RUN_MARKED, 'sh', mark];

/** Round by round: who has the mark in its command line, the processes, the sockets. Rarer after the first seconds. */
const WATCH = `round=0; while :; do
echo "@ $$"; grep -l -F -e "$0$1" /proc/[0-9]*/cmdline; cat /proc/[0-9]*/stat
ss -Hatunpe || { cat ${SOCKET_TABLES.join(' ')}; ls -l /proc/[0-9]*/fd; }; round=$((round+1))
if [ $round -lt 40 ]; then sleep 0.05; else sleep 0.5; fi || sleep 1
done 2>/dev/null`;

/** Sockets that are remembered at the most. */
const MOST = 500;
/**
 * How long the first round is waited for, so that a short command is not over before it, and the last one. What is followed keeps no process alive:
 * these waits do, for else a walk whose input has been read would end here without a word.
 */
const PATIENCE = { first: 2000, last: 1000 } as const;

/**
 * Begins to watch, and resolves when what is there before is known; `stop` ends it and resolves to what was seen, what was there before left out unless
 * it is the command's or behind it. Where nothing tells, nothing was seen.
 */
export async function watchSockets(
  host: Host,
  mark: string,
  patience: { readonly first: number; readonly last: number } = PATIENCE,
): Promise<{ stop(): Promise<SeenSockets> }> {
  // The mark in two words: the watch itself must not be found by it.
  const followed = host.follow(['sh', '-c', WATCH, mark.slice(0, 4), mark.slice(4)]);
  const memory = createMemory();
  let lines: string[] = [];
  let roundEnded = () => {};
  const nextRound = () =>
    new Promise<void>((resolve) => {
      roundEnded = resolve;
    });
  const read = async () => {
    for await (const line of followed.lines) {
      if (line.startsWith('@ ') && lines.length > 0) {
        memory.take(parseSocketRound(lines));
        lines = [];
        roundEnded();
      }
      lines.push(line);
    }
  };
  const first = nextRound();
  const reading = read();
  await Promise.race([first, reading, sleep(patience.first)]);
  return {
    stop: async () => {
      // The round that the command's end falls into still has what it did last.
      await Promise.race([nextRound(), reading, sleep(patience.last)]);
      followed.stop();
      await Promise.race([reading, sleep(patience.last)]);
      if (lines.length > 0) memory.take(parseSocketRound(lines));
      return memory.tell();
    },
  };
}

type Kept = { readonly socket: RoundSocket; readonly isOwn: boolean; readonly isOld: boolean };

const identify = ({ pid, start }: RoundProcess): string => `${pid} ${start}`;

const nameEnd = (protocol: string, { address, port }: SocketEnd): string => `${protocol} ${address} ${port}`;

/** What all rounds have shown together. */
function createMemory() {
  const kept = new Map<string, Kept>();
  /** Whom each local end belongs to: who listens at it, or has taken a connection there. */
  const holders = new Map<string, Set<string>>();
  const listening = new Set<string>();
  const own = new Set<string>();
  const names = new Map<string, string>();
  let rounds = 0;

  function take(round: Round): void {
    for (const { pid, name } of round.processes) names.set(pid, name);
    const ownNow = findOwn(round, own);
    for (const process of ownNow) own.add(identify(process));
    for (const socket of round.sockets) {
      const end = nameEnd(socket.protocol, socket.local);
      holders.set(end, new Set([...(holders.get(end) ?? []), ...socket.pids]));
      if (socket.state === 'LISTEN' || socket.state === 'UNCONN') listening.add(end);
      if (socket.state === 'LISTEN') continue;
      const key = `${end} ${nameEnd(socket.protocol, socket.peer)}`;
      const before = kept.get(key);
      if (before === undefined && kept.size >= MOST) continue;
      const isOwn = before?.isOwn === true || ownNow.some(({ pid }) => socket.pids.includes(pid));
      kept.set(key, { socket: earliest(before?.socket, socket), isOwn, isOld: before?.isOld ?? rounds === 0 });
    }
    rounds += 1;
  }

  function tell(): SeenSockets {
    const ownPids = new Set([...own].map((one) => one.split(' ')[0] ?? ''));
    const sockets = [...kept.values()];
    // An accepted socket asks nobody: who is at its other end is a client.
    const asking = sockets.map(({ socket }) => socket).filter((socket) => !isAccepted(socket, listening));
    const behind = findBehind(asking, holders, ownPids);
    const told = sockets.map(({ socket: { pids, ...socket }, isOwn, isOld }) => {
      return { socket: { ...socket, isOwn, isBehind: !isOwn && pids.some((pid) => behind.has(pid)) }, isOld };
    });
    return {
      sockets: told.flatMap(({ socket, isOld }) => (isOld && !socket.isOwn ? [] : [socket])),
      programs: [...ownPids, ...behind].flatMap((pid) => {
        const name = names.get(pid);
        return name === undefined ? [] : [{ pid, name }];
      }),
    };
  }

  return { take, tell };
}

/** A socket that waited is told as one that did, and whose it once was, it stays. */
function earliest(before: RoundSocket | undefined, now: RoundSocket): RoundSocket {
  if (before === undefined) return now;
  const waits = [before, now].find(({ state }) => state === 'SYN-SENT') ?? now;
  return { ...waits, pids: [...new Set([...before.pids, ...now.pids])], process: now.process ?? before.process };
}

/** The marked shell and all that it has started, and what those have; who was once the command's stays so when its parent is gone. */
function findOwn({ marked, processes, watcher }: Round, known: ReadonlySet<string>): RoundProcess[] {
  const own = new Set(
    processes.flatMap((one) => (marked.includes(one.pid) || known.has(identify(one)) ? [one.pid] : [])),
  );
  own.delete(watcher);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of processes) {
      if (!own.has(parent) || own.has(pid) || pid === watcher) continue;
      own.add(pid);
      grown = true;
    }
  }
  return processes.filter(({ pid }) => own.has(pid));
}

const ANY = ['0.0.0.0', '::', '*'];

const isAccepted = ({ protocol, local: { address, port } }: RoundSocket, listening: ReadonlySet<string>): boolean =>
  [address, ...ANY].some((one) => listening.has(nameEnd(protocol, { address: one, port })));

/** The programs at the other end of the command's connections, and at the other end of theirs. */
function findBehind(
  sockets: readonly RoundSocket[],
  holders: ReadonlyMap<string, ReadonlySet<string>>,
  own: ReadonlySet<string>,
): ReadonlySet<string> {
  const all = new Set(own);
  for (let size = -1; size < all.size; ) {
    size = all.size;
    for (const { pids, protocol, peer, state } of sockets) {
      if (peer.port === null || state === 'TIME-WAIT' || !pids.some((pid) => all.has(pid))) continue;
      for (const address of [peer.address, ...ANY])
        for (const pid of holders.get(nameEnd(protocol, { address, port: peer.port })) ?? []) all.add(pid);
    }
  }
  return new Set([...all].filter((pid) => !own.has(pid)));
}
