// How many packets rules and policies have stopped, by the kernel's own counters.
import type { RulePlace } from '../firewall/trace.ts';
import type { Command, Host } from './host.ts';

/** What each rule has counted, in the order of the rules; null where it does not count, or is not found. */
export async function countStops(host: Host, rules: readonly RulePlace[]): Promise<(number | null)[]> {
  const commands = new Map(rules.map((rule) => [listing(rule).join(' '), listing(rule)]));
  const outputs = new Map<string, string[]>();
  await Promise.all(
    [...commands].map(async ([key, command]) => {
      outputs.set(key, (await host.run(command)).stdout.split('\n'));
    }),
  );
  return rules.map((rule) => countOf(rule, outputs.get(listing(rule).join(' ')) ?? []));
}

function listing({ layer, variant, family, table }: RulePlace): Command {
  return layer === 'nftables'
    ? ['nft', '-a', 'list', 'table', family, table]
    : [`${family === 'ip6' ? 'ip6tables' : 'iptables'}-${variant}-save`, '-c', '-t', table];
}

/** lo-doctor's own log rules come and go meanwhile, and are not counted among the numbers. */
const OWN_LOG = /--comment "lo-doctor [^"]*log \d+"/;

/** `:OUTPUT DROP [12:720]`, `[12:720] -A OUTPUT -j DROP`, `udp dport 9 counter packets 3 bytes 90 drop # handle 2` */
function countOf({ layer, chain, number, handle }: RulePlace, lines: readonly string[]): number | null {
  if (layer === 'nftables') {
    const line = handle === null ? '' : (lines.find((one) => one.endsWith(`# handle ${handle}`)) ?? '');
    return toNumber(/\bcounter packets (\d+) bytes \d+/.exec(line.replaceAll(/"[^"]*"/g, '""')));
  }
  if (number === 0) {
    const policy = lines.find((line) => line.startsWith(`:${chain} `)) ?? '';
    return toNumber(/\[(\d+):\d+\]$/.exec(policy));
  }
  const own = lines.filter((line) => line.includes(`] -A ${chain} `) && !OWN_LOG.test(line));
  return toNumber(/^\[(\d+):\d+\] /.exec(own[number - 1] ?? ''));
}

function toNumber(found: RegExpExecArray | null): number | null {
  return found === null ? null : Number(found[1]);
}
