// What the tests of fixes share: the rules as lo-doctor reads them, planned commands run for real, conversations with real services.

import { expect } from 'vitest';
import type { Conversation, Trace } from '../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../src/firewall/conversation/trace-conversation.ts';
import type { LoggingPlan, PlannedCommand } from '../../src/firewall/fix/plan.ts';
import { parseIptablesSave } from '../../src/firewall/iptables/read/parse-iptables-save.ts';
import { combineLayers } from '../../src/firewall/model/combine-layers.ts';
import type { Ruleset } from '../../src/firewall/model/model.ts';
import { parseNftRuleset } from '../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { readFirewall } from '../../src/host/rules/read-firewall.ts';
import type { Attempt } from './agent.ts';
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

/** However busy the machine is, a conversation that nothing stops is over by then. */
const PATIENCE = 10_000;

/** The attempts that don't come to an answer, in words. */
export async function failures(lab: Lab, attempts: readonly Attempt[]): Promise<string[]> {
  const attempted = await lab.talk(attempts, PATIENCE);
  return attempts.flatMap((attempt, at) => (attempted[at]?.outcome === 'works' ? [] : [describe(attempt)]));
}

/** The attempts that come to an answer although they should not, in words. Waiting long for nothing would prove no more. */
export async function successes(lab: Lab, attempts: readonly Attempt[]): Promise<string[]> {
  const attempted = await lab.talk(attempts, 200);
  return attempts.flatMap((attempt, at) => (attempted[at]?.outcome === 'works' ? [describe(attempt)] : []));
}

/** The attempts of which the evaluator is sure that they end so. */
export function attemptsThat(outcome: Trace['outcome'], ruleset: Ruleset, attempts: readonly Attempt[]): Attempt[] {
  return attempts.filter((one) => traceConversation(ruleset, toConversation(one), surroundings).outcome === outcome);
}

/** The attempt as a conversation; the client's port is any. */
export function toConversation({ protocol, destination, destinationPort, uid }: Attempt): Conversation {
  return { protocol, source: destination, destination, sourcePort: 40_000, destinationPort, uid };
}

function describe({ protocol, destination, destinationPort, uid }: Attempt): string {
  return `${protocol} to ${destination} port ${destinationPort} by ${uid}`;
}

/** The text of every rule in its place, of a ruleset. */
export function textsOf({ tables }: Ruleset): string[] {
  return tables.flatMap(({ variant, family, name, chains }) =>
    [...chains.values()].flatMap((chain) =>
      chain.rules.map(({ number, text }) => `${variant} ${family} ${name} ${chain.name} ${number} ${text}`),
    ),
  );
}

/**
 * Applies a plan of logging to the rules and checks it by real conversations from ports `from` on: what is stopped leaves a line
 * in /var/log/syslog (rsyslogd has been started), and what works goes on to work and leaves none of the case's.
 */
export async function expectLogged(
  lab: Lab,
  ruleset: Ruleset,
  plan: LoggingPlan,
  from: number,
  name: string,
): Promise<void> {
  const attempts = attemptsEverywhere([25, 53]).map((one, place) => ({ ...one, sourcePort: from + place }));
  const stopped = attemptsThat('blocked', ruleset, attempts);
  const working = attemptsThat('works', ruleset, attempts);
  await runAll(lab, plan.apply);
  expect(await successes(lab, stopped), name).toEqual([]);
  expect(await failures(lab, working), name).toEqual([]);
  const isOf = ({ sourcePort }: Attempt, lines: readonly string[]) =>
    lines.some((line) => line.includes(`=${sourcePort} `));
  const unlogged = async () => {
    const lines = (await lab.run(['cat', '/var/log/syslog'])).split('\n');
    return stopped.filter((one) => !isOf(one, lines)).map(describe);
  };
  await expect.poll(unlogged, { message: name, timeout: PATIENCE }).toEqual([]);
  const lines = (await lab.run(['cat', '/var/log/syslog'])).split('\n').filter((line) => line.includes(plan.prefix));
  expect(working.filter((one) => isOf(one, lines)).map(describe), name).toEqual([]);
}
