// How many local ports there are for outgoing connections, and how many of them are taken.
import type { LocalPorts } from '../../diagnosis/witness.ts';
import type { Host } from '../host.ts';

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';

/** Null where the range can't be read. */
export async function readLocalPorts(host: Host): Promise<LocalPorts | null> {
  const [range, sockets, summary] = await Promise.all([
    host.run(['cat', RANGE]),
    host.run(['ss', '-H', '-tan']),
    host.run(['ss', '-s']),
  ]);
  const [first = Number.NaN, last = Number.NaN] = range.stdout.trim().split(/\s+/).map(Number);
  if (range.code !== 0 || Number.isNaN(first) || Number.isNaN(last)) return null;
  const lines = sockets.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('LISTEN'));
  const peers = new Map<string, number>();
  for (const line of lines) {
    // `ESTAB 0 0 127.0.0.1:50000 127.0.0.1:8081`; only what is bound in the range takes a port of it.
    const [, , , local = '', peer = ''] = line.trim().split(/\s+/);
    const port = Number(local.slice(local.lastIndexOf(':') + 1));
    if (port >= first && port <= last) peers.set(peer, (peers.get(peer) ?? 0) + 1);
  }
  return { first, last, peers, summary: summary.stdout.split('\n').filter((line) => /^TCP:/.test(line)) };
}
