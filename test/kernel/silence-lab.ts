// A server whose log is to be explained: rules with a prefix of their own, one test packet, and the findings about its way.
import { findSilence } from '../../src/diagnosis/silence/find-silence.ts';
import { planLogTest } from '../../src/diagnosis/silence/plan-log-test.ts';
import type { Conversation, Surroundings } from '../../src/firewall/conversation/trace.ts';
import { parseIptablesSave } from '../../src/firewall/iptables/read/parse-iptables-save.ts';
import { parseNftRuleset } from '../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { readLogHealth } from '../../src/host/logs/read-log-health.ts';
import { testLogPath } from '../../src/host/logs/test-log-path.ts';
import type { LogPathProbe } from '../../src/log/files/log-path.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, ownAddresses, type RunAs } from './lab.ts';

let labs = 0;
/** A prefix of its own for each lab: the kernel's log is one for all. */
export const newPrefix = (): string => `si${process.pid}x${labs++}`;

const surroundings: Surroundings = {
  ownAddresses: ['127.0.0.1', '::1', ownAddresses.ip, ownAddresses.ip6],
  serverUid: null,
  serverGid: null,
};

/** Loads filter rules of iptables, and says which packet tests them. */
export async function loadAndPlan(
  lab: Lab,
  rules: string,
  failing: readonly Conversation[] = [],
): Promise<LogPathProbe> {
  await lab.loadRules(`*filter\n${rules}\nCOMMIT\n`);
  const dump = await lab.run(['iptables-nft-save']);
  return needed(planLogTest({ tables: parseIptablesSave(dump, { file: 'lab', family: 'ip' }) }, surroundings, failing));
}

/** The same for an nft script. */
export async function loadNftAndPlan(lab: Lab, script: string): Promise<LogPathProbe> {
  await lab.loadNft(script);
  const document = await lab.run(['nft', '-j', 'list', 'ruleset']);
  return needed(planLogTest({ tables: parseNftRuleset(document, { file: 'lab' }) }, surroundings, []));
}

function needed(probe: LogPathProbe | null): LogPathProbe {
  if (probe === null) throw new Error('nothing logs');
  return probe;
}

/** What lo-doctor says of the way of a line, as root or another user. */
export async function explain(lab: Lab, probe: LogPathProbe, as: RunAs = {}) {
  const host = hostInLab(lab, as);
  const test = await testLogPath(host, probe);
  const findings = findSilence(test, await readLogHealth(host), false);
  return { test, findings, ids: findings.map(({ id }) => id), evidence: findings.flatMap(({ evidence }) => evidence) };
}
