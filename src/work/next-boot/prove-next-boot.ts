// Proves that a kept fix lasts: what the next boot makes is known, and what passes now passes there.

import { findLostAtBoot } from '../../diagnosis/inspect/find-lost-at-boot.ts';
import { inspect, type ServerFacts } from '../../diagnosis/inspect/inspect.ts';
import type { Trace } from '../../firewall/conversation/trace.ts';
import { traceConversation } from '../../firewall/conversation/trace-conversation.ts';
import { isSameDirect } from '../../firewall/firewalld/direct-configuration.ts';
import type { FixPlan } from '../../firewall/fix/plan.ts';
import { tagOf } from '../../firewall/fix/rule/tag.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { isLetThrough } from '../../firewall/questions/is-let-through.ts';
import type { Host } from '../../host/host.ts';
import { readDirectConfiguration } from '../../host/rules/read-direct-configuration.ts';
import { nameConversation } from '../../naming/conversations.ts';
import { nameRule } from '../../naming/rules.ts';
import type { SavedForBoot } from '../../wizard/state.ts';
import { readServer } from '../read-server.ts';
import { asAtBoot, type BootOutcomes, findMakersAtBoot, readDirectTables, readNextBoot } from './judge-next-boot.ts';

/** What a plan has kept, and how. */
type Kept = Pick<FixPlan, 'repaired' | 'bootInsertions' | 'nftInsertions' | 'bootCommands'> & {
  readonly caseId: string;
};

type Proved = Pick<SavedForBoot, 'proof' | 'nextBoot' | 'advice'>;

/** `nextBoot` is about what passes now; `advice` names what the next boot would stop, or why that is not known. */
export const proveNextBoot = async (host: Host, kept: Kept): Promise<Proved> => {
  const facts = await readServer(host);
  const [maker, ...others] = findMakersAtBoot(facts);
  if (maker === 'firewalld' && others.length === 0) return compareDirect(host, facts, kept);
  return judge(facts, kept, await readNextBoot(host, facts));
};

const judge = (facts: ServerFacts, kept: Kept, boot: BootOutcomes): Proved => {
  if (boot.kind === 'unknown') return notKnown(boot.why);
  const [stop] = boot.rulesets.flatMap((ruleset) => findStopped(facts, kept, ruleset));
  return stop === undefined
    ? { nextBoot: 'passes', proof: `${boot.by}: loopback passes there as it does now`, advice: [] }
    : notSafe(stop, `so it goes when ${without(boot.by)}`);
};

const notSafe = (stop: Trace, why: string): Proved => ({
  nextBoot: stop.outcome === 'unknown' ? 'unknown' : 'blocked',
  proof: null,
  advice: [`${tellStop(stop)}: ${why}.`],
});

const notKnown = (why: string): Proved => ({
  nextBoot: 'unknown',
  proof: null,
  advice: [`Whether loopback passes after the next boot is not known: ${why}.`],
});

/** `FILE loaded in a network namespace aside` → `FILE is loaded aside`. */
const without = (by: string): string => by.replace(' loaded in a network namespace aside', ' is loaded aside');

/** What the fix repaired and the next boot would not let through for sure, and what else passes now and would not then; what is stopped comes first. */
const findStopped = (facts: ServerFacts, { repaired }: Kept, atBoot: Ruleset): Trace[] => {
  const { surroundings } = inspect(asAtBoot(facts, atBoot), 'boot');
  const traces = repaired.map((one) => traceConversation(atBoot, one, surroundings));
  const lost = [...findLostAtBoot(facts, atBoot), ...traces.filter((trace) => !isLetThrough(trace))];
  return [...lost.filter(({ outcome }) => outcome === 'blocked'), ...lost];
};

const tellStop = ({ conversation, outcome, stoppedAt, unknown: [doubt] }: Trace): string => {
  if (outcome === 'unknown') {
    const why = doubt === undefined ? '' : `; it depends on "${doubt.what}" in ${nameRule(doubt.rule)}`;
    return `Whether ${nameConversation(conversation)} passes with the next boot can't be told${why}`;
  }
  const by = stoppedAt === null ? '' : ` by ${nameRule(stoppedAt.rule)}`;
  return `With the next boot ${nameConversation(conversation)} would be stopped again${by}`;
};

/** firewalld's own policies let loopback through: where its direct rules are all that the fix is made of, they tell what becomes of it. */
const compareDirect = async (host: Host, facts: ServerFacts, kept: Kept): Promise<Proved> => {
  const isDirect = kept.bootCommands.length > 0 && kept.bootInsertions.length + kept.nftInsertions.length === 0;
  const inForce = isDirect ? await readDirectConfiguration(host, 'in-force') : null;
  const permanent = inForce && (await readDirectConfiguration(host, 'permanent'));
  if (inForce === null || permanent === null)
    return notKnown('firewalld makes rules at boot, beside those that the fix is made of');
  if (!isSameDirect(inForce, permanent)) {
    const [stop] = findStopped(facts, kept, readDirectTables(facts, permanent));
    const why = "firewalld's permanent direct rules are not those in force now";
    return stop === undefined ? notKnown(why) : notSafe(stop, why);
  }
  return judgeSameDirect(facts, kept, permanent.rules);
};

/** The permanent direct rules are those in force: what becomes of them without all that the server keeps beside them now. */
export const judgeSameDirect = (facts: ServerFacts, kept: Kept, permanentRules: string): Proved => {
  if (!permanentRules.includes(tagOf(kept.caseId)))
    return notKnown("firewalld's permanent direct rules do not have the fix");
  const [stop] = findStopped(facts, kept, facts.ruleset);
  if (stop !== undefined)
    return notSafe(stop, 'so it goes by the same rules without what the server keeps beside them');
  const { blocked, unknownTraces } = inspect(asAtBoot(facts, facts.ruleset), 'boot');
  const passes = blocked || unknownTraces.length > 0 ? 'what the fix repaired passes' : 'loopback passes';
  const proof = `firewalld's permanent direct rules are those in force now, and ${passes} with them`;
  return { nextBoot: 'passes', proof, advice: [] };
};
