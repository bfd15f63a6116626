// How many packets one rule has seen, by the kernel's own counter.
import type { RulePlace } from '../firewall/trace.ts';
import type { Host } from './host.ts';

/** The packets that the rule, or the policy, has matched so far; null where it has no counter, or is gone. */
export async function readRuleCounter(host: Host, rule: RulePlace): Promise<number | null> {
  const { layer, variant, family, table, chain, number, handle } = rule;
  if (layer === 'nftables') {
    const { stdout } = await host.run(['nft', '-a', 'list', 'chain', family, table, chain]);
    return parseNftCount(stdout.split('\n').find((line) => line.endsWith(`# handle ${handle}`)) ?? '');
  }
  const program = `${family === 'ip6' ? 'ip6tables' : 'iptables'}-${variant}-save`;
  const { stdout } = await host.run([program, '-c', '-t', table]);
  if (number === 0) return parsePolicyCount(stdout, chain);
  const rules = stdout.split('\n').filter((line) => line.includes(`] -A ${chain} `));
  return parseSavedCount(rules[number - 1] ?? '');
}

/** `:OUTPUT DROP [12:720]` */
function parsePolicyCount(saved: string, chain: string): number | null {
  const line = saved.split('\n').find((one) => one.startsWith(`:${chain} `)) ?? '';
  const [, packets] = /\[(\d+):\d+\]$/.exec(line) ?? [];
  return packets === undefined ? null : Number(packets);
}

/** `[12:720] -A OUTPUT -j LOG` */
function parseSavedCount(line: string): number | null {
  const [, packets] = /^\[(\d+):\d+\] /.exec(line) ?? [];
  return packets === undefined ? null : Number(packets);
}

/** `udp dport 9 counter packets 3 bytes 90 log prefix "x: " # handle 2`; a prefix or comment may look like a counter, but stands in quotes. */
function parseNftCount(line: string): number | null {
  const [, packets] = /\bcounter packets (\d+) bytes \d+/.exec(line.replaceAll(/"[^"]*"/g, '""')) ?? [];
  return packets === undefined ? null : Number(packets);
}
