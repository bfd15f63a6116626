// Raw facts about who looks after the firewall of this server: the programs that write rules, whether they are at work, and whether boot starts them.
import type { InstalledOwner, OwnerFacts } from '../../diagnosis/owners/owner-facts.ts';
import { type DirectRule, parseDirectRules } from '../../firewall/firewalld/direct-rule.ts';
import type { UfwShown } from '../../firewall/ufw/find-ufw-rules.ts';
import type { Command, Host } from '../host.ts';
import { readFermPolicies } from './read-ferm-policies.ts';
import { readUfwRules } from './read-ufw-rules.ts';

export type Managers = OwnerFacts & {
  /** The rules of ufw, where it is on. */
  readonly ufw: UfwShown | null;
};

const NOT_FOUND = 127;

/** Programs that tell whether they are at work, by the unit of each. */
const TELLING = ['ufw', 'firewalld', 'docker', 'fail2ban'] as const;

/** Services that write rules when they start, by the units of each. */
const STARTED: Readonly<Record<string, readonly string[]>> = {
  shorewall: ['shorewall', 'shorewall6'],
  firehol: ['firehol'],
  csf: ['csf', 'lfd'],
  ferm: ['ferm'],
  'arno-iptables-firewall': ['arno-iptables-firewall'],
  'netfilter-persistent': ['netfilter-persistent'],
  'iptables-services': ['iptables', 'ip6tables'],
  nftables: ['nftables'],
};

/** A setting that has to say yes before the unit starts anything: Debian's defaults, and shorewall's own configuration. */
type Switch = { readonly file: string; readonly name: string; readonly yes: RegExp };

const SWITCHES: Readonly<Record<string, Switch>> = {
  ferm: { file: '/etc/default/ferm', name: 'ENABLED', yes: /^yes$/ },
  firehol: { file: '/etc/default/firehol', name: 'START_FIREHOL', yes: /^YES$/ },
  shorewall: { file: '/etc/shorewall/shorewall.conf', name: 'STARTUP_ENABLED', yes: /^yes$/i },
};

const SOCKETS = { docker: '/var/run/docker.sock', fail2ban: '/var/run/fail2ban/fail2ban.sock' } as const;

/** Asks nothing that could change anything: ufw by its configuration, firewalld by itself, daemons by their sockets, services by being enabled. */
export async function readManagers(host: Host): Promise<Managers> {
  const units = await readUnits(host);
  const [telling, started] = await Promise.all([
    Promise.all([readUfw(host), readFirewalld(host), readSocket(host, 'docker'), readSocket(host, 'fail2ban')]),
    Promise.all(Object.entries(STARTED).map(([name, names]) => readService(host, name, names, units))),
  ]);
  const told = telling.flatMap((manager) => (manager === null ? [] : withUnit(manager, units)));
  const isOn = (program: string) => told.some(({ name, isOn }) => name === program && isOn);
  const [directRules, ufw] = await Promise.all([
    isOn('firewalld') ? readDirectRules(host) : [],
    isOn('ufw') ? readUfwRules(host) : null,
  ]);
  return {
    installed: [...told, ...started.filter((manager) => manager !== null)],
    directRules,
    ufw,
  };
}

/** The states of units, by their names. */
type Units = ReadonlyMap<string, string>;

/** Reads the units on disk, since there may be no systemd to ask. A line: `nftables.service enabled disabled`. */
async function readUnits(host: Host): Promise<Units> {
  const names = [...TELLING, ...Object.values(STARTED).flat()].map((name) => `${name}.service`);
  const list: Command = ['systemctl', '--root=/', 'list-unit-files', '--no-legend', ...names];
  const lines = (await host.run(list)).stdout.split('\n').map((line) => line.trim().split(/\s+/));
  // Debian's netfilter-persistent goes by the names of iptables-services as well.
  return new Map(lines.flatMap(([unit, state]) => (unit && state && state !== 'alias' ? [[unit, state]] : [])));
}

/** What a program tells of itself. */
type Told = Omit<InstalledOwner, 'startsAtBoot'>;

/** Where nothing is known of a unit, what is at work now is taken to be started by boot as well. */
function withUnit(told: Told, units: Units): InstalledOwner {
  const unit = `${told.name}.service`;
  const state = units.get(unit);
  if (state === undefined) return { ...told, startsAtBoot: told.isOn };
  // ufw's unit does what its configuration says.
  const startsAtBoot = state === 'enabled' && (told.isOn || told.name !== 'ufw');
  return { ...told, startsAtBoot, evidence: `${told.evidence}, ${unit} is ${state}` };
}

async function readUfw(host: Host): Promise<Told | null> {
  const file = '/etc/ufw/ufw.conf';
  const { code, stdout } = await host.run(['cat', file]);
  if (code !== 0) return null;
  const isOn = /^ENABLED=yes/im.test(stdout);
  return { name: 'ufw', isOn, evidence: `${file}: ENABLED=${isOn ? 'yes' : 'no'}` };
}

async function readFirewalld(host: Host): Promise<Told | null> {
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

async function readSocket(host: Host, name: keyof typeof SOCKETS): Promise<Told | null> {
  const socket = SOCKETS[name];
  const { code } = await host.run(['test', '-S', socket]);
  return code === 0 ? { name, isOn: true, evidence: `${socket} is there` } : null;
}

async function readService(
  host: Host,
  name: string,
  names: readonly string[],
  units: Units,
): Promise<InstalledOwner | null> {
  const known = names.map((one) => `${one}.service`).filter((one) => units.has(one));
  const unit = known.find((one) => units.get(one) === 'enabled') ?? known[0];
  if (unit === undefined) return null;
  const isEnabled = units.get(unit) === 'enabled';
  const off = isEnabled ? await readSwitch(host, name) : null;
  const startsAtBoot = isEnabled && off === null;
  const evidence = [`${unit} is ${units.get(unit)}`, ...(off === null ? [] : [off])].join(', but ');
  const policies = name === 'ferm' ? await readFermPolicies(host) : null;
  return { name, isOn: startsAtBoot, startsAtBoot, evidence, ...(policies === null ? {} : { policies }) };
}

/** What keeps the program from starting although its unit is enabled; null where nothing does. A line: `START_FIREHOL=NO`, `ENABLED="yes"`. */
async function readSwitch(host: Host, name: string): Promise<string | null> {
  const known = SWITCHES[name];
  if (known === undefined) return null;
  const { code, stdout } = await host.run(['cat', known.file]);
  if (code !== 0) return null;
  const value = [...stdout.matchAll(new RegExp(`^\\s*${known.name}=["']?(\\w*)`, 'gm'))].at(-1)?.[1] ?? '';
  return known.yes.test(value) ? null : `${known.file}: ${known.name}=${value}`;
}
