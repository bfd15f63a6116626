// Raw facts about who looks after the firewall of this server: the programs that write rules, and whether they are at work.
import { type DirectRule, parseDirectRules } from '../firewall/firewalld/direct-rule.ts';
import type { Command, Host } from './host.ts';

/** A program that is installed here; `isOn`: it is at work, or will be at the next boot, and writes its rules again. `evidence` says by what that is known. */
export type Manager = { readonly name: string; readonly isOn: boolean; readonly evidence: string };

export type Managers = {
  readonly installed: readonly Manager[];
  /** The direct rules of a running firewalld, in the order in which it tells them. */
  readonly directRules: readonly DirectRule[];
};

const NOT_FOUND = 127;

/** Services that write rules when they start, by the unit of each. */
const UNITS = {
  shorewall: ['shorewall', 'shorewall6'],
  firehol: ['firehol'],
  csf: ['csf', 'lfd'],
  ferm: ['ferm'],
  'netfilter-persistent': ['netfilter-persistent'],
  'iptables-services': ['iptables', 'ip6tables'],
  nftables: ['nftables'],
} as const;

const SOCKETS = { docker: '/var/run/docker.sock', fail2ban: '/var/run/fail2ban/fail2ban.sock' } as const;

/** Asks nothing that could change anything: ufw by its configuration, firewalld by itself, daemons by their sockets, services by being enabled. */
export async function readManagers(host: Host): Promise<Managers> {
  const [ufw, firewalld, sockets, services] = await Promise.all([
    readUfw(host),
    readFirewalld(host),
    Promise.all(Object.entries(SOCKETS).map(([name, socket]) => readSocket(host, name, socket))),
    readServices(host),
  ]);
  const installed = [ufw, firewalld, ...sockets, ...services].filter((manager) => manager !== null);
  return { installed, directRules: firewalld?.isOn ? await readDirectRules(host) : [] };
}

async function readUfw(host: Host): Promise<Manager | null> {
  const file = '/etc/ufw/ufw.conf';
  const { code, stdout } = await host.run(['cat', file]);
  if (code !== 0) return null;
  const isOn = /^ENABLED=yes/im.test(stdout);
  return { name: 'ufw', isOn, evidence: `${file}: ENABLED=${isOn ? 'yes' : 'no'}` };
}

async function readFirewalld(host: Host): Promise<Manager | null> {
  const { code } = await host.run(['firewall-cmd', '--state']);
  if (code === NOT_FOUND) return null;
  const isOn = code === 0;
  return { name: 'firewalld', isOn, evidence: `firewall-cmd --state: ${isOn ? 'running' : 'not running'}` };
}

/** `--get-all-rules` prints `ipv4 filter OUTPUT 0 -o lo -j DROP`; `--get-all-passthroughs` prints `ipv4 -A OUTPUT -j DROP`. */
async function readDirectRules(host: Host): Promise<DirectRule[]> {
  const [rules, passthroughs] = await Promise.all(
    ['rules', 'passthroughs'].map((what) => host.run(['firewall-cmd', '--direct', `--get-all-${what}`])),
  );
  return parseDirectRules(rules?.stdout ?? '', passthroughs?.stdout ?? '');
}

async function readSocket(host: Host, name: string, socket: string): Promise<Manager | null> {
  const { code } = await host.run(['test', '-S', socket]);
  return code === 0 ? { name, isOn: true, evidence: `${socket} is there` } : null;
}

/** Reads the units on disk, since there may be no systemd to ask. A line: `nftables.service enabled disabled`. */
async function readServices(host: Host): Promise<Manager[]> {
  const units = Object.values(UNITS).flatMap((names) => names.map((name) => `${name}.service`));
  const list: Command = ['systemctl', '--root=/', 'list-unit-files', '--no-legend', ...units];
  const states = new Map(
    (await host.run(list)).stdout.split('\n').map((line): [string, string] => {
      const [unit = '', state = ''] = line.trim().split(/\s+/);
      return [unit, state];
    }),
  );
  return Object.entries(UNITS).flatMap(([name, names]) => {
    // Debian's netfilter-persistent goes by the names of iptables-services as well.
    const known = names.map((unit) => `${unit}.service`).filter((unit) => (states.get(unit) ?? 'alias') !== 'alias');
    const unit = known.find((one) => states.get(one) === 'enabled') ?? known[0];
    if (unit === undefined) return [];
    return [{ name, isOn: states.get(unit) === 'enabled', evidence: `${unit} is ${states.get(unit)}` }];
  });
}
