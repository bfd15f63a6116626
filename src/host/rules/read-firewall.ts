// Reads the firewall in force: the dumps of every layer as their own tools print them. What they mean is firewall/'s part.

import type { IptablesLock } from '../../firewall/fix/plan.ts';
import { findUnprintedTables } from '../../firewall/iptables/read/find-unprinted-tables.ts';
import { addDevices, lacksDevices } from '../../firewall/nftables/lower/add-devices.ts';
import { type Command, type Host, HostError, type RunResult } from '../host.ts';
import { readOwnAddresses } from '../network/read-own-addresses.ts';
import { whyFailed } from '../why-failed.ts';
import { type Managers, readManagers } from './read-managers.ts';

type Variant = 'nft' | 'legacy';

/** One layer's rules: the text of iptables-save or ip6tables-save, or the JSON of `nft -j list ruleset`. */
export type FirewallDump =
  | { readonly layer: 'iptables'; readonly variant: Variant; readonly family: 'ip' | 'ip6'; readonly text: string }
  | { readonly layer: 'nftables'; readonly text: string };

/** A layer that is there and could not be read: what came out then is less than what is in force. */
type UnreadLayer = { readonly command: Command; readonly why: string };

export type FirewallReading = {
  /** Only layers that hold anything. */
  readonly dumps: readonly FirewallDump[];
  readonly unread: readonly UnreadLayer[];
  /** What plain `iptables` is on this server; null where there is none. */
  readonly iptables: Variant | null;
  readonly lock: IptablesLock;
  /** Who lo-doctor runs as: 0 is root. */
  readonly user: number;
  /** The server's own addresses, those of lo left out, in canonical form. */
  readonly ownAddresses: readonly string[];
  readonly managers: Managers;
};

const FAMILIES = ['ip', 'ip6'] as const;
const NOT_FOUND = 127;

/** Reads all layers at once. A HostError when nothing can be read: no privilege, no tool, or the tool's own complaint. */
export async function readFirewall(host: Host): Promise<FirewallReading> {
  const [id, version, nftVariants, nftables, ownAddresses, managers] = await Promise.all([
    host.run(['id', '-u']),
    host.run(['iptables', '-V']),
    Promise.all(FAMILIES.map((family) => readNftVariant(host, family))),
    readNftables(host),
    readOwnAddresses(host),
    readManagers(host),
  ]);
  const iptables = parseVariant(version);
  const legacy = await Promise.all(FAMILIES.map((family) => readLegacyVariant(host, family, iptables)));
  const native = nftables.kind === 'absent' ? nftVariants.map(findUnprinted) : [nftables];
  const all = [...nftVariants, ...native, ...legacy];
  const unread = all.flatMap((reading) => (reading.kind === 'unread' ? [reading.layer] : []));
  const user = Number(id.stdout);
  if (all.every((reading) => reading.kind !== 'read')) refuseUnread(unread, user, iptables);
  const dumps = all.flatMap((reading) => (reading.kind === 'read' ? [reading.dump] : []));
  return {
    dumps: dumps.filter(holdsAnything),
    unread,
    iptables,
    lock: parseLock(version),
    user,
    ownAddresses,
    managers,
  };
}

/** `absent`: the tool is not installed, or the layer is not in use. */
type Reading = { kind: 'read'; dump: FirewallDump } | { kind: 'unread'; layer: UnreadLayer } | { kind: 'absent' };

async function readNftVariant(host: Host, family: 'ip' | 'ip6'): Promise<Reading> {
  const command: Command = [`${family}tables-nft-save`];
  const result = await host.run(command);
  return toReading(command, result, { layer: 'iptables', variant: 'nft', family, text: result.stdout });
}

async function readNftables(host: Host): Promise<Reading> {
  const command: Command = ['nft', '-j', 'list', 'ruleset'];
  const result = await host.run(command);
  const isWhole = result.code !== 0 || !lacksDevices(result.stdout);
  const listing = isWhole ? null : await host.run(['nft', 'list', 'chains']);
  const text = listing?.code === 0 ? addDevices(result.stdout, listing.stdout) : result.stdout;
  return toReading(command, result, { layer: 'nftables', text });
}

/** What iptables-save can't print, and there is no nft to do so. */
function findUnprinted(reading: Reading): Reading {
  const tables = reading.kind === 'read' ? findUnprintedTables(reading.dump.text) : [];
  if (tables.length === 0) return { kind: 'absent' };
  const why = `The kernel has tables that only nft can read (${tables.map(({ name }) => name).join(', ')}), and it is not installed here.`;
  return { kind: 'unread', layer: { command: ['nft', '-j', 'list', 'ruleset'], why } };
}

/** Reads legacy tables only where there are some: the tool would load the kernel's modules and make the tables. */
async function readLegacyVariant(host: Host, family: 'ip' | 'ip6', iptables: Variant | null): Promise<Reading> {
  const listing: Command = ['cat', `/proc/net/${family}_tables_names`];
  const names = await host.run(listing);
  if (names.stderr.includes('Permission denied')) {
    return { kind: 'unread', layer: { command: listing, why: names.stderr.trim() } };
  }
  if (names.stdout.trim() === '') return { kind: 'absent' };
  const command: Command = [`${family}tables-${iptables === 'legacy' ? '' : 'legacy-'}save`];
  const result = await host.run(command);
  if (result.code === NOT_FOUND) {
    const why = `The kernel has legacy tables (${names.stdout.trim().replaceAll('\n', ', ')}), and nothing here can read them.`;
    return { kind: 'unread', layer: { command, why } };
  }
  return toReading(command, result, { layer: 'iptables', variant: 'legacy', family, text: result.stdout });
}

function toReading(command: Command, result: RunResult, dump: FirewallDump): Reading {
  const { code } = result;
  if (code === 0) return { kind: 'read', dump };
  if (code === NOT_FOUND) return { kind: 'absent' };
  return { kind: 'unread', layer: { command, why: whyFailed(result) } };
}

/** False for what a tool prints where its layer has no table. */
export function holdsAnything(dump: FirewallDump): boolean {
  switch (dump.layer) {
    case 'iptables':
      return /^\*/m.test(dump.text);
    case 'nftables':
      return dump.text.includes('"table"');
  }
}

/** `iptables v1.8.9 (nf_tables)`; before 1.8 there was only what is now called legacy, and no word in brackets. */
function parseVariant({ code, stdout }: RunResult): Variant | null {
  if (code !== 0) return null;
  return stdout.includes('(nf_tables)') ? 'nft' : 'legacy';
}

/** Sample: `iptables v1.4.18`. xtables' lock came with 1.4.20, its seconds with 1.6. */
function parseLock({ stdout }: RunResult): IptablesLock {
  const [, major, minor, patch = '0'] = /v(\d+)\.(\d+)(?:\.(\d+))?/.exec(stdout) ?? [];
  if (major === undefined || Number(major) > 1 || Number(minor) >= 6) return 'seconds';
  return Number(minor) === 4 && Number(patch) < 20 ? 'none' : 'forever';
}

/** Nothing was read. That is fine where iptables is at hand and the kernel has no tables at all. */
function refuseUnread(unread: readonly UnreadLayer[], user: number, iptables: Variant | null): void {
  const [first] = unread;
  if (first === undefined) {
    if (iptables !== null) return;
    throw new HostError('Neither iptables nor nft is installed here, so no firewall can be read.', {
      nextSteps: ['If a policy is in force all the same, install nftables or iptables to see it.'],
    });
  }
  const { command, why } = first;
  if (user !== 0) {
    throw new HostError('Reading the firewall needs root.', { command, nextSteps: ['Run it again with sudo.'] });
  }
  if (/must be root|Operation not permitted|Permission denied/.test(why)) {
    throw new HostError(`Even root may not read the firewall here, as in a container without NET_ADMIN: ${why}`, {
      command,
      nextSteps: ['Run it on the machine itself, or give the container the capability NET_ADMIN.'],
    });
  }
  throw new HostError(`The firewall can't be read: ${command.join(' ')}: ${why}`, { command });
}
