// The queues of listening TCP sockets: how many connections wait to be taken, and for how many there is room.
import type { ListenQueue } from '../../diagnosis/witness.ts';
import type { Host } from '../host.ts';
import { splitEnd } from './split-end.ts';

/** Null where there is no ss. An old one prints no control groups. */
export async function readListenQueues(host: Host): Promise<ListenQueue[] | null> {
  const { code, stdout } = await host.run(['ss', '-H', '-ltnpe']);
  return code === 0 ? stdout.split('\n').flatMap(parseLine) : null;
}

/** `LISTEN 1      0      127.0.0.1%lo:5432      0.0.0.0:*    users:(("python3",pid=812,fd=3)) uid:33 ino:1 sk:b2 cgroup:/system.slice/x.service <->` */
function parseLine(line: string): ListenQueue[] {
  const [state, waiting, room, local = '', , ...more] = line.trim().split(/\s+/);
  const end = splitEnd(local);
  const port = Number(end?.port);
  if (state !== 'LISTEN' || end === null || !Number.isInteger(port)) return [];
  const rest = more.join(' ');
  const pid = /\bpid=(\d+)/.exec(rest)?.[1];
  return [
    {
      line: line.trim().replace(/\s+/g, ' '),
      address: end.address,
      port,
      device: end.device,
      waiting: Number(waiting),
      room: Number(room),
      pid: pid === undefined ? null : Number(pid),
      cgroup: /\bcgroup:(\S+)/.exec(rest)?.[1] ?? null,
    },
  ];
}
