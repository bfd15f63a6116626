// Reads what a server keeps beside its rules: only what these rules ask for, all at once. What can't be read is not known.
import type { Facts, IpSet, OpenSocket, RateTable, RecentList } from '../../firewall/facts/facts.ts';
import { parseDevices } from '../../firewall/facts/parse/parse-devices.ts';
import { parseHashlimit } from '../../firewall/facts/parse/parse-hashlimit.ts';
import { parseIpsetSave } from '../../firewall/facts/parse/parse-ipset-save.ts';
import { parseQueues } from '../../firewall/facts/parse/parse-queues.ts';
import { parseKernelClock, parseRecentList } from '../../firewall/facts/parse/parse-recent-list.ts';
import { parseSockets } from '../../firewall/facts/parse/parse-sockets.ts';
import { type Asked, whatRulesAsk } from '../../firewall/facts/what-rules-ask.ts';
import type { Address } from '../../firewall/model/packet.ts';
import type { Host } from '../host.ts';
import type { FirewallDump } from './read-firewall.ts';

/** Resolves with as many facts as there are. */
export async function readFacts(host: Host, dumps: readonly FirewallDump[]): Promise<Facts> {
  const asked = whatRulesAsk(dumps);
  const [sets, recent, rates, queues, connections, devices, sockets, hasClasses] = await Promise.all([
    readSets(host, asked.sets),
    readRecent(host, asked.lists),
    readRates(host, asked.rates),
    asked.queues ? readQueues(host) : null,
    asked.connections ? readConnections(host) : null,
    asked.devices ? readDevices(host) : null,
    asked.sockets ? readSockets(host) : null,
    asked.classes ? readClasses(host) : null,
  ]);
  return { sets, recent, rates, queues, connections, devices, sockets, hasClasses, isLive: true };
}

async function readFile(host: Host, path: string): Promise<string | null> {
  const { code, stdout } = await host.run(['cat', path]);
  return code === 0 ? stdout : null;
}

/** Each set by itself, since there may be large ones beside it; then those that are members of lists. */
async function readSets(host: Host, names: Asked['sets']): Promise<Map<string, IpSet>> {
  const sets = new Map<string, IpSet>();
  const asked = new Set<string>();
  for (let wanted = [...names]; wanted.length > 0; ) {
    for (const name of wanted) asked.add(name);
    const saved = await Promise.all(wanted.map((name) => host.run(['ipset', 'save', name])));
    for (const { code, stdout } of saved) {
      if (code !== 0) continue;
      for (const [name, set] of parseIpsetSave(stdout)) sets.set(name, set);
    }
    const members = [...sets.values()].flatMap((set) => set.members);
    wanted = [...new Set(members)].filter((name) => !asked.has(name));
  }
  return sets;
}

/** The kernel calls the folder by another name up to Linux 2.6.27. */
async function readRecent(host: Host, names: Asked['lists']): Promise<Map<string, RecentList>> {
  const lists = new Map<string, RecentList>();
  if (names.size === 0) return lists;
  const [timers, uptime, ...texts] = await Promise.all([
    host.run(['grep', '-m1', '^jiffies:', '/proc/timer_list']),
    readFile(host, '/proc/uptime'),
    ...[...names].map((name) => readFile(host, `/proc/net/xt_recent/${name}`)),
  ]);
  const clock = parseKernelClock(timers.stdout, uptime ?? '');
  for (const [index, name] of [...names].entries()) {
    const text = texts[index];
    const list = text == null ? null : parseRecentList(text, clock);
    if (list !== null) lists.set(name, list);
  }
  return lists;
}

async function readRates(host: Host, asked: Asked['rates']): Promise<Map<string, RateTable>> {
  const rates = new Map<string, RateTable>();
  await Promise.all(
    [...asked].map(async ([key, { family, name }]) => {
      const text = await readFile(host, `/proc/net/${family === 'ip' ? 'ipt' : 'ip6t'}_hashlimit/${name}`);
      const table = text === null ? null : parseHashlimit(text);
      if (table !== null) rates.set(key, table);
    }),
  );
  return rates;
}

const QUEUES = '/proc/net/netfilter/nfnetlink_queue';

/** Where the kernel has the folder and not the file, its part for programs that read queues is not loaded: there is none. */
async function readQueues(host: Host): Promise<Set<number> | null> {
  const [text, folder] = await Promise.all([readFile(host, QUEUES), host.run(['ls', '/proc/net/netfilter'])]);
  if (text !== null) return parseQueues(text);
  const isAbsent = folder.code === 0 && folder.stdout.trim() !== '' && !folder.stdout.includes('nfnetlink_queue');
  return isAbsent ? new Set() : null;
}

async function readConnections(host: Host): Promise<number | null> {
  const text = await readFile(host, '/proc/sys/net/netfilter/nf_conntrack_count');
  return text !== null && /^\d+\s*$/.test(text) ? Number(text) : null;
}

async function readDevices(host: Host): Promise<Map<Address, string[]> | null> {
  const { code, stdout } = await host.run(['ip', '-o', 'address']);
  return code === 0 ? parseDevices(stdout) : null;
}

/** An old ss knows no `--inet-sockopt`. */
async function readSockets(host: Host): Promise<OpenSocket[] | null> {
  const told = await host.run(['ss', '-Hltun', '--inet-sockopt']);
  if (told.code === 0) return parseSockets(told.stdout, true);
  const { code, stdout } = await host.run(['ss', '-Hltun']);
  return code === 0 ? parseSockets(stdout, false) : null;
}

/** `net_cls	0	1	1`: a controller that is mounted nowhere (0) gives nobody a class, nor does one that the kernel does not have. */
async function readClasses(host: Host): Promise<boolean | null> {
  const text = await readFile(host, '/proc/cgroups');
  if (text === null || !text.startsWith('#subsys_name')) return null;
  const hierarchy = /^net_cls\t(\d+)\t/m.exec(text)?.[1];
  return hierarchy !== undefined && hierarchy !== '0';
}
