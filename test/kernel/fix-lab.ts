// What the tests of fixes share: the rules as lo-doctor reads them, planned commands run for real, conversations with real services.
import { combineLayers } from '../../src/firewall/combine-layers.ts';
import type { PlannedCommand } from '../../src/firewall/fix/plan.ts';
import { parseIptablesSave } from '../../src/firewall/iptables/parse-iptables-save.ts';
import type { Ruleset } from '../../src/firewall/model.ts';
import { parseNftRuleset } from '../../src/firewall/nftables/parse-nft-ruleset.ts';
import { readFirewall } from '../../src/host/read-firewall.ts';
import type { Attempt, Attempted } from './agent.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, ownAddresses } from './lab.ts';

export const addresses = ['127.0.0.1', '::1', ownAddresses.ip, ownAddresses.ip6] as const;

/** What the planner is told of a lab; whose services run as, it is not told. */
export const surroundings = { ownAddresses: [...addresses], serverUid: null, serverGid: null };

/** The rules in force, read as lo-doctor reads them. */
export async function readRules(lab: Lab): Promise<Ruleset> {
  const { dumps } = await readFirewall(hostInLab(lab));
  const iptables = dumps.flatMap((dump) =>
    dump.layer === 'iptables' ? parseIptablesSave(dump.text, { file: 'iptables-save', ...dump }) : [],
  );
  const nft = dumps.flatMap((dump) => (dump.layer === 'nftables' ? parseNftRuleset(dump.text, { file: 'nft' }) : []));
  return combineLayers({ iptables, nft });
}

/** Runs planned commands one by one; a failing one rejects. */
export async function runAll(lab: Lab, commands: readonly PlannedCommand[]): Promise<void> {
  for (const { command, input = '' } of commands) await lab.run(command, { input });
}

/** All rules of all layers as their tools print them, without counters and dates. */
export async function listRules(lab: Lab): Promise<string> {
  const script = `for save in iptables-nft-save ip6tables-nft-save; do $save; done
    for family in ip ip6; do ! grep -q . /proc/net/\${family}_tables_names || \${family}tables-legacy-save; done
    nft -s list ruleset`;
  const text = await lab.run(['sh', '-c', script]);
  return text
    .replace(/^#.*\n/gm, '')
    .replace(/\[\d+:\d+\]/g, '[0:0]')
    .replace(/counter packets \d+ bytes \d+/g, 'counter');
}

/** Takes all rules away and forgets all connections. Legacy tables stay once they are there, so they are emptied. */
export async function clearRules(lab: Lab): Promise<void> {
  const script = `nft flush ruleset; conntrack -F 2>/dev/null
    for family in ip ip6; do
      for table in $(cat /proc/net/\${family}_tables_names); do
        \${family}tables-legacy-save -t $table | sed -n 's/^:\\([A-Z]*\\) [AD].*/-P \\1 ACCEPT/p' | while read policy; do
          \${family}tables-legacy -t $table $policy
        done
        \${family}tables-legacy -t $table -F; \${family}tables-legacy -t $table -X
      done
    done`;
  await lab.run(['sh', '-c', script]);
}

const ports = [21, 25, 53, 80, 3306, 31337] as const;

/** TCP and UDP echo on the ports, on every address of the lab. */
export async function listenEverywhere(lab: Lab, on: readonly number[] = ports): Promise<void> {
  const usual = { kind: 'echo', banner: '' } as const;
  await lab.listen(
    addresses.flatMap((address) =>
      on.flatMap((port) => (['tcp', 'udp'] as const).map((protocol) => ({ protocol, address, port, ...usual }))),
    ),
  );
}

/** Attempts to talk to every service, by root and by www-data. */
export function attemptsEverywhere(on: readonly number[] = ports): Attempt[] {
  return addresses.flatMap((destination) =>
    on.flatMap((destinationPort) =>
      (['tcp', 'udp'] as const).flatMap((protocol) =>
        [0, 33].map((uid) => ({ protocol, source: destination, destination, sourcePort: 0, destinationPort, uid })),
      ),
    ),
  );
}

/** The attempts that don't come to an answer, in words. */
export async function failures(lab: Lab, attempts: readonly Attempt[], deadline: number): Promise<string[]> {
  const attempted = await lab.talk(attempts, deadline);
  return attempts.flatMap((attempt, at) =>
    attempted[at]?.outcome === 'works' ? [] : [describe(attempt, attempted[at])],
  );
}

function describe({ protocol, destination, destinationPort, uid }: Attempt, attempted: Attempted | undefined): string {
  return `${protocol} to ${destination} port ${destinationPort} by ${uid}: ${attempted?.outcome}`;
}

/** The text of every rule in its place, of a ruleset. */
export function textsOf({ tables }: Ruleset): string[] {
  return tables.flatMap(({ variant, family, name, chains }) =>
    [...chains.values()].flatMap((chain) =>
      chain.rules.map(({ number, text }) => `${variant} ${family} ${name} ${chain.name} ${number} ${text}`),
    ),
  );
}
