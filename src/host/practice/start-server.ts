// Sets the practice server up: its files, rules, users, services and past, as a scenario says.
import type { Command, RunOptions, RunResult } from '../host.ts';
import { createClock } from './clock.ts';
import { createFiles, type Files, makeDirectories, placeFile } from './files.ts';
import { createLogBook } from './log/log-book.ts';
import { createKernel } from './network/kernel.ts';
import { writeNoise, writePast } from './past.ts';
import { createRandom, type Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { OWN } from './scenarios/common.ts';
import type { As, Server } from './server.ts';

export type StartOptions = {
  readonly now: () => Date;
  readonly speed: number;
  readonly seed: number;
  readonly run: (server: Server, command: Command, options?: RunOptions & As) => Promise<RunResult>;
};

const NAME = 'web1';
const NOISE_EVERY = 7;
const PROCESS_LOOKS_EVERY = 0.1;

/** Names out there, with the addresses that are kept for examples; who of them answers on which port is in OUTSIDE. */
type Names = Readonly<Record<string, readonly string[]>>;

const NAMES: Names = {
  'downloads.wordpress.org': ['198.51.100.80'],
  'api.wordpress.org': ['198.51.100.81'],
  'mirror.example.org': ['203.0.113.20'],
  'example.org': ['198.51.100.90'],
  'deb.debian.org': ['198.51.100.91'],
};

const OWN_NAMES: Names = { [NAME]: ['127.0.1.1'], 'www.example.org': [OWN.ip] };

const OUTSIDE = Object.values(NAMES).flatMap((addresses) =>
  addresses.flatMap((address) => [80, 443].map((port) => `${address}:${port}`)),
);

const USERS = { root: 0, daemon: 1, mail: 8, 'www-data': 33, mysql: 106, postfix: 107, nobody: 65_534 };

const UNITS = ['ssh', 'nginx', 'rsyslog', 'cron', 'netfilter-persistent'];

/** The server at the moment when the walk begins. */
export function startServer(scenario: Scenario, { now, speed, seed, run }: StartOptions): Server {
  const clock = createClock(now, speed);
  const files = createFiles(now);
  const random = createRandom(seed);
  const names: Names = { ...NAMES, ...OWN_NAMES, ...scenario.hosts };
  const inHosts = scenario.resolver === undefined ? names : { ...OWN_NAMES, ...scenario.hosts };
  placeFiles(files, scenario, inHosts);
  let lastPid = 20_000;
  const server: Server = {
    name: NAME,
    addresses: [OWN.ip, OWN.ip6],
    clock,
    random,
    files,
    log: createLogBook({ host: NAME, clock, files, random: createRandom(seed + 1) }),
    kernel: createKernel(clock),
    services: scenario.services,
    outside: new Set(OUTSIDE),
    site: { url: 'https://www.example.org', ftpHost: 'localhost', ...scenario.site },
    users: new Map(Object.entries(USERS)),
    units: new Map(UNITS.map((unit) => [unit, 'active'])),
    resolver: scenario.resolver ?? null,
    denied: scenario.denied ?? null,
    isInHosts: (name) => Object.hasOwn(inHosts, name),
    resolve: (name) => (/^[\d.]+$|:/.test(name) ? [name] : (names[name] ?? [])),
    run: (command, options) => run(server, command, options),
    aside() {
      const other: Server = {
        ...server,
        kernel: createKernel(clock),
        run: (command, options) => run(other, command, options),
      };
      return other;
    },
    startProcess(step) {
      lastPid += server.random(1, 40);
      return startProcess(server, lastPid, step);
    },
  };
  files.generate('/proc/uptime', () => `${clock.uptime().toFixed(2)} ${(clock.uptime() * 1.9).toFixed(2)}\n`);
  files.generate('/proc/sys/kernel/random/uuid', () => `${makeUuid(random)}\n`);
  writePast(server);
  loadRules(server, scenario);
  scenario.justNow?.(server);
  clock.every(NOISE_EVERY, () => writeNoise(server));
  for (const { every, act } of scenario.habits ?? []) clock.every(every, () => act(server));
  return server;
}

/** As the kernel prints one, from the server's own chance. */
function makeUuid(random: Random): string {
  const part = (length: number) => Array.from({ length }, () => random(0, 15).toString(16)).join('');
  return [8, 4, 4, 4, 12].map(part).join('-');
}

function placeFiles(files: Files, { rules, rules6, files: own }: Scenario, names: Names): void {
  for (const path of [
    '/root',
    '/tmp',
    '/run/systemd/system',
    '/dev/shm',
    '/var/lib',
    '/proc',
    '/proc/self/ns',
    '/proc/1/ns',
  ]) {
    makeDirectories(files, path);
  }
  const hosts = Object.entries(names).flatMap(([name, addresses]) =>
    addresses.map((address) => `${address}\t${name}\n`),
  );
  const texts: Readonly<Record<string, string>> = {
    '/etc/hostname': `${NAME}\n`,
    '/etc/hosts': hosts.join(''),
    '/etc/os-release':
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n',
    '/etc/iptables/rules.v4': rules,
    '/etc/iptables/rules.v6': rules6,
    '/proc/sys/net/netfilter/nf_log_all_netns': '0\n',
    '/proc/net/netfilter/nf_log':
      ' 2 nf_log_syslog (nf_log_syslog,nfnetlink_log)\n10 nf_log_syslog (nf_log_syslog,nfnetlink_log)\n',
    '/proc/net/ip_tables_names': '',
    '/proc/net/ip6_tables_names': '',
    '/proc/sys/net/netfilter/nf_conntrack_count': '24\n',
    '/proc/sys/net/netfilter/nf_conntrack_max': '65536\n',
    '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
    '/proc/self/cgroup': '0::/user.slice/user-0.slice/session-1.scope\n',
    '/proc/331/comm': 'systemd-journal\n',
    '/proc/402/comm': 'rsyslogd\n',
    '/proc/402/maps':
      '7f3a5c000000-7f3a5c004000 r-xp 00000000 fe:01 1837 /usr/lib/x86_64-linux-gnu/rsyslog/imklog.so\n',
    '/usr/share/netfilter-persistent/plugins.d/15-ip4tables': '',
    '/usr/share/netfilter-persistent/plugins.d/25-ip6tables': '',
    '/proc/sys/kernel/printk': '4\t4\t1\t7\n',
    '/proc/sys/kernel/dmesg_restrict': '1\n',
    '/var/log/syslog': '',
    '/var/log/kern.log': '',
    ...own,
  };
  for (const [path, text] of Object.entries(texts)) placeFile(files, path, text);
  shareNamespaces(files);
}

/** The first process sees the same network and mounts: the same inode under both names. */
function shareNamespaces(files: Files): void {
  for (const kind of ['net', 'mnt']) {
    files.link(`/proc/self/ns/${kind}`, `/proc/1/ns/${kind}`);
  }
}

function loadRules(server: Server, { rules, rules6 }: Scenario): void {
  void server.run(['iptables-restore'], { input: rules });
  void server.run(['ip6tables-restore'], { input: rules6 });
}

function startProcess({ clock, files }: Server, pid: number, step: () => boolean): number {
  makeDirectories(files, `/proc/${pid}`);
  const stop = clock.every(PROCESS_LOOKS_EVERY, () => {
    if (!step()) return;
    stop();
    files.remove(`/proc/${pid}`);
  });
  return pid;
}
