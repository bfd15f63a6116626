// Reads lo and the way to it: the device, its addresses, the routing that leads there, and what is hooked into it.
import type { CommandAnswer, LoopbackWay, RouteAnswer } from '../../diagnosis/way/loopback-way.ts';
import type { Command, Host } from '../host.ts';
import { findEarlyRules } from './routing-rules.ts';

/** What stands for all of 127.0.0.0/8: Debian calls itself so, and lo has no such address of its own. */
const REST_OF_THE_NET = '127.0.1.1';
/** Destinations and rules that are asked about at the most. */
const MOST = 12;
const IP6_SWITCHES = ['all', 'lo'] as const;

/** `filters` only where something can hold them. `own`: this server's other addresses; `listening`: the addresses that services listen at. */
export async function readLoopbackWay(
  host: Host,
  { own, listening }: { own: readonly string[]; listening: readonly string[] },
): Promise<LoopbackWay> {
  const served = listening.filter((address) => address.startsWith('127.'));
  const asked = [...new Set(['127.0.0.1', '::1', REST_OF_THE_NET, ...served, ...own])].slice(0, MOST);
  const [link, addresses, plain, ip, ip6, queues] = await Promise.all([
    ask(host, ['ip', '-s', '-d', 'link', 'show', 'dev', 'lo'], ['ip', 'link', 'show', 'lo']),
    ask(host, ['ip', '-o', 'address', 'show', 'dev', 'lo'], ['ip', 'address', 'show', 'dev', 'lo']),
    Promise.all(asked.map((destination) => askRoute(host, ['ip', 'route', 'get', destination], destination, null))),
    ask(host, ['ip', 'rule']),
    ask(host, ['ip', '-6', 'rule']),
    ask(host, ['tc', '-s', 'qdisc', 'show', 'dev', 'lo']),
  ]);
  const isOwn = (address: string) => address.startsWith('127.') || address === '::1' || own.includes(address);
  const early = [
    ...findEarlyRules(ip?.stdout ?? '', '127.0.0.1', isOwn).map((rule) => ({ ...rule, family: 'ip' as const })),
    ...findEarlyRules(ip6?.stdout ?? '', '::1', isOwn).map((rule) => ({ ...rule, family: 'ip6' as const })),
  ].slice(0, MOST);
  const byRule = await Promise.all(
    early.map(({ line, ask: one }) => (one === null ? null : askRoute(host, one.command, one.destination, line))),
  );
  const routes = [...plain, ...byRule].filter((route) => route !== null);
  const isAmiss = routes.some(({ code, stdout }) => code !== 0 || !/^local |\bdev lo\b/.test(stdout));
  const [filters, tables, isIp6Off] = await Promise.all([
    readFilters(host, queues),
    isAmiss ? readTables(host) : { ip: null, ip6: null },
    isAmiss ? readIp6Switches(host) : null,
  ]);
  const unasked = early.filter((_, place) => byRule[place] === null).map(({ family, line }) => ({ family, line }));
  return { link, addresses, routes, rules: { ip, ip6 }, unasked, queues, filters, tables, isIp6Off };
}

/** The answer to the first command that this server's tool knows. */
async function ask(host: Host, ...commands: readonly Command[]): Promise<CommandAnswer | null> {
  for (const command of commands) {
    const { code, stdout, stderr } = await host.run(command);
    if (code === 0) return { command, code, stdout, stderr };
  }
  return null;
}

/** No route is an answer of the kernel's too; a tool that does not know the question is none. */
async function askRoute(
  host: Host,
  command: Command,
  destination: string,
  rule: string | null,
): Promise<RouteAnswer | null> {
  const { code, stdout, stderr } = await host.run(command);
  if (code !== 0 && !/RTNETLINK answers|error -\d+/.test(stderr + stdout)) return null;
  return { command, code, stdout, stderr, destination, rule };
}

/** Filters hang on a clsact or ingress qdisc, or on one that sorts its packets. */
async function readFilters(host: Host, queues: CommandAnswer | null): Promise<CommandAnswer[]> {
  const kinds = [...(queues?.stdout ?? '').matchAll(/^qdisc (\S+)/gm)].map(([, kind]) => kind);
  const places = kinds.flatMap((kind) => {
    if (kind === 'clsact') return ['ingress', 'egress'];
    if (kind === 'ingress') return ['ingress'];
    return kind === 'noqueue' ? [] : ['root'];
  });
  const answers = places.map((place) => ask(host, ['tc', '-s', 'filter', 'show', 'dev', 'lo', place]));
  return (await Promise.all(answers)).filter((answer) => answer !== null);
}

async function readTables(host: Host): Promise<LoopbackWay['tables']> {
  const [ip, ip6] = await Promise.all([
    ask(host, ['ip', 'route', 'show', 'table', 'local']),
    ask(host, ['ip', '-6', 'route', 'show', 'table', 'local']),
  ]);
  return { ip, ip6 };
}

/** Off where the switch of all devices or that of lo says so, or where the kernel has no IPv6 at all. */
async function readIp6Switches(host: Host): Promise<boolean | null> {
  const read = (path: string) => host.run(['cat', path]);
  const switches = await Promise.all(IP6_SWITCHES.map((name) => read(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`)));
  if (switches.some(({ stdout }) => stdout.trim() === '1')) return true;
  if (switches.some(({ stdout }) => stdout.trim() === '0')) return false;
  return switches.every(({ stderr }) => /No such file/.test(stderr)) && (await read('/proc/net/dev')).code === 0
    ? true
    : null;
}
