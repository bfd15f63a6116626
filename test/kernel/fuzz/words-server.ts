// Random servers with a command that may fail there: rules, services up or down, lo up or down, the user and the way of the command.

import type { Service } from '../agent.ts';
import { ownAddresses } from '../lab.ts';
import { randomFailingRuleset } from './failing-rulesets.ts';
import type { Random } from './random.ts';
import { isLegacy, type Layer } from './rulesets.ts';
import { addresses, ports } from './server.ts';

export type WordsServer = {
  readonly kind: string;
  readonly layers: readonly Layer[];
  readonly services: readonly Service[];
  readonly loIsUp: boolean;
  /** Whether the walk adds its own log rules. */
  readonly logs: boolean;
  /** Whether a syslog daemon reads the kernel, which else only its own buffer tells. */
  readonly daemon: boolean;
  readonly commandLine: string;
};

/** What every service says: enough for a browser, and more than a bare connection asks for. */
const BANNER = 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n';

/** An address off this server, where nobody answers. */
const AWAY = '203.0.113.7';

/** A random server; `programs` are those that can be called there, LOG rules have the prefix. */
export function randomServer(random: Random, prefix: string, programs: ReadonlySet<string>): WordsServer {
  const { kind, layers } = randomRules(random, prefix);
  const services = randomServices(random);
  const target = random.chance(0.8) ? random.pick(services) : null;
  const port = target?.port ?? random.pick(ports);
  return {
    kind,
    layers,
    services,
    loIsUp: !random.chance(0.05),
    logs: random.chance(0.5),
    daemon: random.chance(0.3),
    commandLine: asUser(random, programs, randomCommand(random, programs, randomHost(random, target), port)),
  };
}

function randomRules(random: Random, prefix: string): { kind: string; layers: readonly Layer[] } {
  if (random.chance(0.15)) return { kind: 'no rules', layers: [] };
  for (;;) {
    const found = randomFailingRuleset(random, prefix);
    // The kernel traces no rule of iptables-legacy, so the truth about them is not known.
    if (!found.layers.some(isLegacy)) return found;
  }
}

function randomServices(random: Random): Service[] {
  return random
    .some(ports, 2, 5)
    .flatMap((port) =>
      random
        .some([...addresses.ip, ...addresses.ip6], 1, 4)
        .map((address) => ({ protocol: 'tcp', address, port, kind: 'banner', banner: BANNER }) as const),
    );
}

function randomHost(random: Random, target: Service | null): string {
  return random.weighted([
    [target === null ? 0 : 6, target?.address ?? ''],
    [5, 'localhost'],
    [2, '127.0.0.1'],
    [1, '::1'],
    [1, ownAddresses.ip],
    [0.6, AWAY],
  ]);
}

const not = (random: Random, text: string) => (random.chance(0.5) ? text : '');

/** A command line that opens one connection; it says little or nothing of why it fails. */
function randomCommand(random: Random, programs: ReadonlySet<string>, host: string, port: number): string {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  const quiet = not(random, ' 2>/dev/null');
  const ways: readonly (readonly [program: string, line: string])[] = [
    ['bash', `timeout 2 bash -c 'exec 3<>/dev/tcp/${host}/${port}'${quiet}`],
    ['nc', `nc -z -w 2 ${host} ${port}`],
    ['nc', `nc -zv -w 2 ${host} ${port}${quiet}`],
    ['curl', `curl -s -m 2 -o /dev/null ${url}`],
    ['curl', `curl -sS -m 2 -o /dev/null ${url}`],
    ['wget', `wget -q -T 2 -t 1 -O /dev/null ${url}`],
    ['wget', `wget -nv -T 2 -t 1 -O /dev/null ${url}`],
    ['python3', `python3 -c "import socket; socket.create_connection(('${host}', ${port}), 2)"${quiet}`],
    [
      'perl',
      `perl -MIO::Socket::IP -e 'IO::Socket::IP->new(PeerHost => "${host}", PeerPort => ${port}, Timeout => 2) or die "$@\\n"'${quiet}`,
    ],
  ];
  return random.pick(ways.filter(([program]) => programs.has(program)))[1];
}

function asUser(random: Random, programs: ReadonlySet<string>, line: string): string {
  if (!random.chance(0.2) || !programs.has('setpriv')) return line;
  return `setpriv --reuid 33 --regid 33 --clear-groups ${line}`;
}
