// Proves that a kept fix lasts: what the next boot loads is loaded aside, or compared with what is in force, and loopback goes through it.
import { findLostAtBoot } from '../diagnosis/find-lost-at-boot.ts';
import { inspect, type ServerFacts } from '../diagnosis/inspect.ts';
import {
  type DirectConfiguration,
  isSameDirect,
  printDirectTables,
} from '../firewall/firewalld/direct-configuration.ts';
import { findDirectRules, parseDirectRules } from '../firewall/firewalld/direct-rule.ts';
import { wayToLast } from '../firewall/fix/generated-policies.ts';
import type { FixPlan } from '../firewall/fix/plan.ts';
import { tagOf } from '../firewall/fix/tag.ts';
import type { Ruleset } from '../firewall/model.ts';
import { traceConversation } from '../firewall/trace-conversation.ts';
import { findUfwRules } from '../firewall/ufw/find-ufw-rules.ts';
import { withOrigins } from '../firewall/with-origins.ts';
import type { Host } from '../host/host.ts';
import { loadBootRules } from '../host/load-boot-rules.ts';
import { readDirectConfiguration } from '../host/read-direct-configuration.ts';
import { readUfwRules } from '../host/read-ufw-rules.ts';
import type { SavedForBoot } from '../wizard/state.ts';
import { nameConversation, nameRule } from '../words/rules.ts';
import { parseDumps, readServer } from './read-server.ts';

/** What a plan has kept, and how. */
type Kept = Pick<FixPlan, 'repaired' | 'bootInsertions' | 'nftInsertions' | 'bootCommands'> & {
  readonly caseId: string;
};

type Proved = Pick<SavedForBoot, 'proof' | 'advice'>;

const NOTHING: Proved = { proof: null, advice: [] };

/** `proof` is null where nothing could be proved; `advice` names what the next boot would stop. */
export const proveNextBoot = async (host: Host, kept: Kept): Promise<Proved> => {
  const facts = await readServer(host);
  const makers = (facts.ownerFacts?.installed ?? []).filter(({ isOn, startsAtBoot }) => isOn || startsAtBoot);
  const [maker, ...others] = makers.filter(({ name }) => name === 'ufw' || name === 'firewalld' || wayToLast(name));
  if (maker === undefined) return loadAside(host, facts, false);
  // What ufw or firewalld makes is known. Generators make their rules by themselves: no file shows all that they will be.
  if (others.length > 0 || !maker.startsAtBoot) return NOTHING;
  if (maker.name === 'ufw') return loadAside(host, facts, true);
  return maker.name === 'firewalld' ? compareDirect(host, facts, kept) : NOTHING;
};

const loadAside = async (host: Host, facts: ServerFacts, withUfw: boolean): Promise<Proved> => {
  const boot = await loadBootRules(host, { variant: facts.iptables ?? 'nft', withUfw });
  if (boot === null) return NOTHING;
  const known = withUfw ? findUfwRules(await readUfwRules(host)) : [];
  const rulesets = boot.outcomes.map((dumps) => withOrigins(parseDumps(dumps), known));
  const files = boot.files.join(' and ');
  const order = rulesets.length > 1 ? ' in either order' : '';
  const stops = rulesets.flatMap((ruleset) => adviseStops(facts, ruleset)).slice(0, 1);
  return stops.length === 0
    ? {
        proof: `${files} loaded in a network namespace aside${order}: loopback passes there as it does now`,
        advice: [],
      }
    : { proof: null, advice: stops.map((stop) => `${stop}: so it goes when ${files} is loaded aside.`) };
};

/** The first of the conversations that pass now and would not then, said with what stops it. */
const adviseStops = (facts: ServerFacts, atBoot: Ruleset): string[] =>
  findLostAtBoot(facts, atBoot)
    .slice(0, 1)
    .map(({ conversation, outcome, stoppedAt, unknown: [doubt] }) => {
      if (outcome === 'unknown') {
        const why = doubt === undefined ? '' : `; it depends on "${doubt.what}" in ${nameRule(doubt.rule)}`;
        return `Whether ${nameConversation(conversation)} passes with the next boot can't be told${why}`;
      }
      const by = stoppedAt === null ? '' : ` by ${nameRule(stoppedAt.rule)}`;
      return `With the next boot ${nameConversation(conversation)} would be stopped again${by}`;
    });

/** firewalld's own policies let loopback through: where its direct rules are all that the fix is made of, they tell what becomes of it. */
const compareDirect = async (host: Host, facts: ServerFacts, kept: Kept): Promise<Proved> => {
  const isDirect = kept.bootCommands.length > 0 && kept.bootInsertions.length + kept.nftInsertions.length === 0;
  const inForce = isDirect ? await readDirectConfiguration(host, 'in-force') : null;
  const permanent = inForce && (await readDirectConfiguration(host, 'permanent'));
  if (inForce === null || permanent === null) return NOTHING;
  if (!isSameDirect(inForce, permanent)) {
    const stops = adviseStops(facts, readDirectTables(facts, permanent));
    const why = "firewalld's permanent direct rules are not those in force now";
    return { proof: null, advice: stops.map((stop) => `${stop}: ${why}.`) };
  }
  const { blocked, unknownTraces, ruleset, surroundings } = inspect(facts, 'boot');
  const isRepaired = kept.repaired.every((one) => traceConversation(ruleset, one, surroundings).outcome === 'works');
  if (!isRepaired || !permanent.rules.includes(tagOf(kept.caseId))) return NOTHING;
  const passes = blocked || unknownTraces.length > 0 ? 'what the fix repaired passes' : 'loopback passes';
  return { proof: `firewalld's permanent direct rules are those in force now, and ${passes} with them`, advice: [] };
};

/** What firewalld makes of them. With iptables as its backend they have chains of their own, which come too late to stop loopback in the filter table. */
const readDirectTables = ({ ruleset }: ServerFacts, permanent: DirectConfiguration): Ruleset => {
  const ownChains = ruleset.tables.some(({ chains }) => chains.has('OUTPUT_direct'));
  const dumps = printDirectTables(permanent).map((dump) => ({ layer: 'iptables', variant: 'nft', ...dump }) as const);
  const { tables } = withOrigins(
    parseDumps(dumps),
    findDirectRules(parseDirectRules(permanent.rules, permanent.passthroughs)),
  );
  return { tables: tables.filter(({ name }) => !(ownChains && name === 'filter')) };
};
