// Where this distribution keeps the iptables rules that the next boot loads, and whether anything loads them.
import type { Command, Host } from '../host.ts';

/** One distribution's way: the files, what has to be installed, what has to be enabled, and how to get there. */
type Way = {
  readonly name: string;
  readonly files: Readonly<Record<'ip' | 'ip6', string>>;
  /** A file that is there when the loading program is installed. */
  readonly installed: readonly string[];
  readonly enabled: Readonly<Record<'ip' | 'ip6', Command>>;
  readonly enable: string;
};

/** Asks the units on disk, as the next boot will find them. */
export function askEnabled(unit: string): Command {
  return ['systemctl', '--root=/', 'is-enabled', unit];
}

/** Whether boot starts it. Only `enabled` says so: what is enabled for this runtime, static or started by others may be no more. */
export async function isEnabled(host: Host, command: Command): Promise<boolean> {
  const { code, stdout } = await host.run(command);
  return code === 0 && (command[0] !== 'systemctl' || stdout.trim() === 'enabled');
}

const WAYS: readonly Way[] = [
  {
    name: 'netfilter-persistent',
    files: { ip: '/etc/iptables/rules.v4', ip6: '/etc/iptables/rules.v6' },
    installed: ['/usr/share/netfilter-persistent/plugins.d/15-ip4tables'],
    enabled: { ip: askEnabled('netfilter-persistent.service'), ip6: askEnabled('netfilter-persistent.service') },
    enable: 'systemctl enable netfilter-persistent',
  },
  {
    name: 'iptables-services',
    files: { ip: '/etc/sysconfig/iptables', ip6: '/etc/sysconfig/ip6tables' },
    installed: ['/usr/libexec/iptables/iptables.init'],
    enabled: { ip: askEnabled('iptables.service'), ip6: askEnabled('ip6tables.service') },
    enable: 'systemctl enable iptables ip6tables',
  },
  {
    name: "Arch's iptables services",
    files: { ip: '/etc/iptables/iptables.rules', ip6: '/etc/iptables/ip6tables.rules' },
    installed: ['/usr/lib/systemd/scripts/iptables-flush'],
    enabled: { ip: askEnabled('iptables.service'), ip6: askEnabled('ip6tables.service') },
    enable: 'systemctl enable iptables ip6tables',
  },
  {
    name: "Alpine's iptables services",
    files: { ip: '/etc/iptables/rules-save', ip6: '/etc/iptables/rules6-save' },
    installed: ['/etc/alpine-release', '/etc/init.d/iptables'],
    enabled: {
      ip: ['test', '-e', '/etc/runlevels/default/iptables'],
      ip6: ['test', '-e', '/etc/runlevels/default/ip6tables'],
    },
    enable: 'rc-update add iptables && rc-update add ip6tables',
  },
  {
    name: "OpenRC's iptables services",
    files: { ip: '/var/lib/iptables/rules-save', ip6: '/var/lib/ip6tables/rules-save' },
    installed: ['/etc/gentoo-release', '/etc/init.d/iptables'],
    enabled: {
      ip: ['test', '-e', '/etc/runlevels/default/iptables'],
      ip6: ['test', '-e', '/etc/runlevels/default/ip6tables'],
    },
    enable: 'rc-update add iptables default && rc-update add ip6tables default',
  },
];

/** The files of all of them. */
export const BOOT_RULES_FILES: readonly string[] = WAYS.flatMap(({ files }) => [files.ip, files.ip6]);

/** A place for the rules of one family; `exists`: the file is there already. */
export type BootPlace = {
  readonly path: string;
  readonly exists: boolean;
  readonly isLoaded: boolean;
  /** What loads it, and the command line that lets it. */
  readonly loader: string;
  readonly enable: string;
};

/** The place for the rules of that family; null where this server has none. A way that is in use comes before one that is only there. */
export async function findBootPlace(host: Host, family: 'ip' | 'ip6'): Promise<BootPlace | null> {
  const places = await Promise.all(WAYS.map((way) => lookAt(host, way, family)));
  const usable = places.filter((place) => place !== null);
  return (
    usable.find((place) => place.exists && place.isLoaded) ?? usable.find((place) => place.exists) ?? usable[0] ?? null
  );
}

async function lookAt(host: Host, way: Way, family: 'ip' | 'ip6'): Promise<BootPlace | null> {
  const path = way.files[family];
  const [exists, enabled, ...installed] = await Promise.all([
    succeeds(host, ['test', '-f', path]),
    isEnabled(host, way.enabled[family]),
    ...way.installed.map((file) => succeeds(host, ['test', '-e', file])),
  ]);
  const isInstalled = installed.every((there) => there);
  if (!exists && !isInstalled) return null;
  return { path, exists, isLoaded: isInstalled && enabled, loader: way.name, enable: way.enable };
}

async function succeeds(host: Host, command: Command): Promise<boolean> {
  return (await host.run(command)).code === 0;
}
