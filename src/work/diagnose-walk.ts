// Reading the log: what was seen is tied to the rules, and where the log was silent, it is tested.

import { findNatBehind } from '../diagnosis/causes/find-nat-behind.ts';
import { type Diagnosis, diagnose } from '../diagnosis/diagnose.ts';
import { findCounted, type RuleRise } from '../diagnosis/drops/find-counted.ts';
import type { Finding } from '../diagnosis/finding.ts';
import type { Inspection } from '../diagnosis/inspect/inspect.ts';
import { findLostInDaemons } from '../diagnosis/silence/find-lost-in-daemons.ts';
import { findNotLogged, findSilence, KERNEL_LOG } from '../diagnosis/silence/find-silence.ts';
import { planLogTest } from '../diagnosis/silence/plan-log-test.ts';
import type { Trace } from '../firewall/conversation/trace.ts';
import { withoutOwnLogging } from '../firewall/fix/without-own-logging.ts';
import type { Host } from '../host/host.ts';
import { readLogHealth } from '../host/logs/read-log-health.ts';
import { testLogPath } from '../host/logs/test-log-path.ts';
import { citeRule } from '../naming/rules.ts';
import type { Case } from '../wizard/state.ts';
import { readWitness } from './read-witness.ts';

/** The level of LOG rules that say nothing else: warning. */
const USUAL_LEVEL = 4;

/** Lines of the kernel may be a little older than the walk. */
const GRACE = 5;

/** Why no entry came for packets that these rules stop, by a test packet where one is logged at all. */
const explainSilence = async (host: Host, now: Inspection, stopped: readonly Trace[], failing: readonly Trace[]) => {
  const probe = planLogTest(
    now.ruleset,
    now.surroundings,
    failing.map(({ conversation }) => conversation),
  );
  if (probe === null) {
    const finding = findNotLogged(stopped);
    return finding === null ? [] : [finding];
  }
  const [test, health] = await Promise.all([testLogPath(host, probe), readLogHealth(host)]);
  return findSilence(test, health, failing.length > 0);
};

/** The entries are in the kernel's log alone: who looks into /var/log finds nothing. */
const explainEmptyFiles = async (host: Host, { entries }: Case): Promise<Finding[]> => {
  if (entries.some(({ source }) => source !== KERNEL_LOG)) return [];
  const [first] = findLostInDaemons(await readLogHealth(host), USUAL_LEVEL);
  return first === undefined ? [] : [{ ...first, severity: 'notice' }];
};

/** The walk's log rules are no longer in force, though it has not taken them away. */
const findEndedLogging = ({ logging }: Case, { ruleset }: Inspection): Finding[] => {
  if (logging === null || withoutOwnLogging(ruleset) !== ruleset) return [];
  return [
    {
      id: 'logging-ended',
      severity: 'warning',
      title: 'The temporary LOG rules are gone: somebody has loaded the firewall anew meanwhile.',
      evidence: logging.changes.map(({ prefix, rule }) => `not in force any more (prefix "${prefix}"): ${rule.text}`),
      advice: 'What was dropped since then left no entry by them. Leave, begin again, and turn logging on anew.',
      commands: [],
    },
  ];
};

/** Where lo passes, what outbound rules drop on other devices may be what fails, and may leave no line. */
const explainOtherSilence = ({ logging, inspection }: Case): Finding[] => {
  const rules = (inspection?.loggingPlan?.changes ?? []).map(({ reports }) => citeRule(reports));
  if (logging !== null || rules.length === 0) return [];
  return [
    {
      id: 'drops-not-logged',
      severity: 'notice',
      title: 'An empty log says nothing about what these rules stop: they leave no line, or not always.',
      evidence: [...new Set(rules)].map((rule) => `stops without logging: ${rule}`),
      advice: 'Turn logging on and repeat it: what they stop then leaves a line, whatever device it was for.',
      commands: [],
    },
  ];
};

const findMore = async (host: Host, walk: Case, now: Inspection, { verdict, blocked }: Diagnosis) => {
  switch (verdict) {
    case 'loopback-blocked': {
      if (blocked.some(({ sample }) => sample !== null)) return explainEmptyFiles(host, walk);
      const traces = blocked.map(({ trace }) => trace);
      return explainSilence(host, now, traces, traces);
    }
    case 'undecided':
      return now.blocked ? explainSilence(host, now, now.blockedTraces, []) : explainOtherSilence(walk);
    case 'works':
    case 'blocked-elsewhere':
    case 'nat':
    case 'not-the-firewall':
    case 'several-causes':
      return [];
  }
};

/** Ties what the walk has seen to the rules as they are `now`. Where the log says nothing, one test packet is sent over lo. */
export const diagnoseWalk = async (
  host: Host,
  walk: Case,
  now: Inspection,
  rises: readonly RuleRise[],
): Promise<Diagnosis> => {
  const { ruleset, surroundings, listeners, tried = [] } = now;
  const { entries, attempts, logging } = walk;
  const seconds = (Date.now() - walk.startedAt.getTime()) / 1000 + GRACE;
  const witness = await readWitness(host, { attempts, wayFaults: now.wayFaults, seconds });
  const diagnosis = diagnose({ ruleset, surroundings, listeners, entries, attempts, own: logging, witness, tried });
  const isSilent =
    entries.length === 0 && (diagnosis.verdict === 'undecided' || diagnosis.verdict === 'loopback-blocked');
  const counted = isSilent ? findCounted(rises) : null;
  const nat = findNatBehind(now, attempts, diagnosis);
  const more = [
    ...nat,
    ...(counted === null ? [] : [counted]),
    ...findEndedLogging(walk, now),
    ...(await findMore(host, walk, now, diagnosis)),
  ];
  if (more.length === 0) return diagnosis;
  // Where NAT tells why, that nothing was dropped is no news, and that the way is open and the command alone to be looked at is not so.
  const isWhy = nat.some(({ severity }) => severity === 'problem');
  const known = diagnosis.findings.filter(
    ({ id }) => (nat.length === 0 || id !== 'nothing-logged') && (!isWhy || id !== 'command-fails-alone'),
  );
  const isNat = diagnosis.verdict === 'undecided' && isWhy;
  return {
    ...diagnosis,
    verdict: isNat ? 'nat' : diagnosis.verdict,
    findings: isNat ? [...more, ...known] : [...known, ...more],
  };
};
