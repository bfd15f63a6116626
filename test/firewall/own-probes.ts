// The probes that the project's own rulesets are labelled with, and how each is named.
import type { Attempt } from '../kernel/agent.ts';
import { ownAddresses } from '../kernel/lab.ts';

export type OwnProbe = { readonly name: string; readonly attempt: Attempt };

const hosts = { ip: ['127.0.0.1', ownAddresses.ip], ip6: ['::1', ownAddresses.ip6] } as const;

/** Eight TCP services on loopback, four on an own address, DNS over UDP and a ping on both; two of them also as www-data. */
export function ownProbes(family: 'ip' | 'ip6'): OwnProbe[] {
  const [lo, own] = hosts[family];
  const tcp = (destination: string, ports: readonly number[], uid = 0) =>
    ports.map((port) => probe('tcp', destination, port, uid));
  return [
    ...tcp(lo, [21, 25, 53, 80, 443, 3306, 5432, 8080]),
    ...tcp(own, [25, 80, 443, 8080]),
    ...tcp(lo, [25, 80, 3306], 33),
    ...(family === 'ip' ? tcp('127.0.0.5', [25, 80]) : []),
    probe('udp', lo, 53, 0),
    probe('udp', lo, 443, 0),
    probe('udp', lo, 53, 33),
    probe('udp', own, 53, 0),
    probe('icmp', lo, 0, 0),
    probe('icmp', own, 0, 0),
  ];
}

function probe(protocol: Attempt['protocol'], destination: string, destinationPort: number, uid: number): OwnProbe {
  const name = `${protocol} ${destination}${protocol === 'icmp' ? '' : ` ${destinationPort}`}${uid === 0 ? '' : ` by ${uid}`}`;
  const source = destination.startsWith('127.') ? '127.0.0.1' : destination;
  return { name, attempt: { protocol, source, destination, sourcePort: 0, destinationPort, uid } };
}
