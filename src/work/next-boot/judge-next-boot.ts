// The one answer about the next boot: what it will load, and whether loopback passes there.

import type { FindingId } from '../../diagnosis/finding-ids.ts';
import { inspect, type ServerFacts } from '../../diagnosis/inspect/inspect.ts';
import type { NextBoot } from '../../diagnosis/inspect/next-boot.ts';
import { findWayFaults } from '../../diagnosis/way/find-way-faults.ts';
import { type DirectConfiguration, printDirectTables } from '../../firewall/firewalld/direct-configuration.ts';
import { findDirectRules, parseDirectRules } from '../../firewall/firewalld/direct-rule.ts';
import { wayToLast } from '../../firewall/fix/place/generated-policies.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { withOrigins } from '../../firewall/questions/with-origins.ts';
import { findUfwRules } from '../../firewall/ufw/find-ufw-rules.ts';
import { type Host, HostError } from '../../host/host.ts';
import { loadBootRules } from '../../host/next-boot/load-boot-rules.ts';
import { readDirectConfiguration } from '../../host/rules/read-direct-configuration.ts';
import { readUfwRules } from '../../host/rules/read-ufw-rules.ts';
import { nameConversation } from '../../naming/conversations.ts';
import { nameRule } from '../../naming/rules.ts';
import { parseDumps } from '../read-server.ts';

/** What boot makes: the rules that come of it (several where the order is open), by what that is known; or why it can't be known. */
export type BootOutcomes =
  | { readonly kind: 'known'; readonly rulesets: readonly Ruleset[]; readonly by: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** The server as the next boot finds it: what it keeps beside its rules now (sets, lists, queues, the state of lo) is not what it will have then. */
export const asAtBoot = ({ facts: _facts, tried: _tried, ...server }: ServerFacts, ruleset: Ruleset): ServerFacts => ({
  ...server,
  ruleset,
  way: null,
});

/** Programs that make rules of their own accord at boot, as against those that load a file. */
export const findMakersAtBoot = ({ ownerFacts }: ServerFacts): string[] =>
  (ownerFacts?.installed ?? [])
    .filter(({ name, startsAtBoot }) => startsAtBoot && (name === 'ufw' || name === 'firewalld' || wayToLast(name)))
    .map(({ name }) => name);

/** Loads aside, or reads, what the next boot will make. Changes nothing. A HostError where what was loaded can't be read. */
export const readNextBoot = async (host: Host, facts: ServerFacts): Promise<BootOutcomes> => {
  const [maker, ...others] = findMakersAtBoot(facts);
  if (others.length > 0)
    return unknown(`${[maker, ...others].join(' and ')} make rules at boot, and which comes last is not known`);
  switch (maker) {
    case undefined:
      return loadAside(host, facts, []);
    case 'ufw':
      return loadAside(host, facts, ['ufw']);
    case 'firewalld': {
      const permanent = await readDirectConfiguration(host, 'permanent');
      if (permanent === null) return unknown("firewalld's permanent direct rules can't be read");
      return loadAside(host, facts, [readDirectTables(facts, permanent)]);
    }
    default:
      return unknown(`${maker} makes its rules anew from its own configuration: no file shows what they will be`);
  }
};

/** Both: what the next boot makes, and whether loopback passes there. What can't be read is not known. */
export const lookAtNextBoot = async (host: Host, facts: ServerFacts): Promise<NextBoot> => {
  try {
    return judgeNextBoot(facts, await readNextBoot(host, facts));
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { loopback: 'unknown', reasons: [error.message] };
  }
};

/** What no boot file tells of. */
const STANDS: Partial<Record<FindingId, string>> = {
  'lo-down': 'lo, which is down now, is up',
  'lo-without-address': 'lo has the address again that it lacks now',
};

const judgeNextBoot = (facts: ServerFacts, boot: BootOutcomes): NextBoot => {
  if (boot.kind === 'unknown') return { loopback: 'unknown', reasons: [boot.why] };
  const looks = boot.rulesets.map((ruleset) => inspect({ ...asAtBoot(facts, ruleset), way: null }, 'boot'));
  const stopped = looks.flatMap(({ blockedTraces }) => blockedTraces)[0];
  if (stopped !== undefined) {
    const by = stopped.stoppedAt === null ? '' : ` by ${nameRule(stopped.stoppedAt.rule)}`;
    return {
      loopback: 'blocked',
      reasons: [`${nameConversation(stopped.conversation)} is stopped${by}: ${boot.by}`],
    };
  }
  const doubtful = looks
    .flatMap(({ loopback }) => Object.values(loopback))
    .find(({ outcome }) => outcome === 'unknown');
  if (doubtful !== undefined)
    return { loopback: 'unknown', reasons: [`the rules alone do not tell what passes: ${boot.by}`] };
  // What is in the way now beside the rules may be there again: no file that is loaded at boot tells.
  const inTheWay = findWayFaults(
    facts.way,
    (facts.listeners ?? []).map(({ address }) => address),
  ).filter(({ outcome }) => outcome === 'blocked' || outcome === 'partly');
  return inTheWay.length === 0
    ? { loopback: 'passes', reasons: [boot.by] }
    : {
        loopback: 'unknown',
        reasons: [
          `the rules of then let loopback pass: ${boot.by}`,
          ...inTheWay.map(
            ({ finding: { id } }) =>
              `whether ${STANDS[id] ?? 'what is in its way now is there'} after the boot is not known`,
          ),
        ],
      };
};

const unknown = (why: string): BootOutcomes => ({ kind: 'unknown', why });

const isRuleset = (one: 'ufw' | Ruleset): one is Ruleset => one !== 'ufw';

/** `beside`: what makes rules at boot beside the files that are loaded then. */
const loadAside = async (
  host: Host,
  facts: ServerFacts,
  beside: readonly ('ufw' | Ruleset)[],
): Promise<BootOutcomes> => {
  const withUfw = beside.includes('ufw');
  const boot = await loadBootRules(host, { variant: facts.iptables ?? 'nft', withUfw });
  const known = withUfw ? findUfwRules(await readUfwRules(host)) : [];
  const tables = beside.filter(isRuleset).flatMap((ruleset) => ruleset.tables);
  switch (boot.kind) {
    case 'failed':
      return unknown(`${boot.files.join(' and ')} could not be loaded aside: ${boot.why}`);
    case 'nothing':
      if (tables.length > 0 || beside.length > 0)
        return { kind: 'known', rulesets: [{ tables }], by: "firewalld's permanent direct rules" };
      return hasRules(facts)
        ? unknown('nothing that is known here loads firewall rules at boot; a script of your own may')
        : { kind: 'known', rulesets: [{ tables: [] }], by: 'nothing loads firewall rules at boot' };
    case 'loaded': {
      const order = boot.outcomes.length > 2 ? ' in any order' : boot.outcomes.length > 1 ? ' in either order' : '';
      return {
        kind: 'known',
        rulesets: boot.outcomes.map((dumps) => ({
          tables: [...tables, ...withOrigins(parseDumps(dumps), known).tables],
        })),
        by: `${boot.files.join(' and ')} loaded in a network namespace aside${order}`,
      };
    }
  }
};

const hasRules = ({ ruleset }: ServerFacts): boolean =>
  ruleset.tables.some(({ chains }) =>
    [...chains.values()].some(({ rules, base }) => rules.length > 0 || base?.policy === 'drop'),
  );

/** What firewalld makes of them. With iptables as its backend they have chains of their own, which come too late to stop loopback in the filter table. */
export const readDirectTables = ({ ruleset }: ServerFacts, permanent: DirectConfiguration): Ruleset => {
  const ownChains = ruleset.tables.some(({ chains }) => chains.has('OUTPUT_direct'));
  const dumps = printDirectTables(permanent).map((dump) => ({ layer: 'iptables', variant: 'nft', ...dump }) as const);
  const { tables } = withOrigins(
    parseDumps(dumps),
    findDirectRules(parseDirectRules(permanent.rules, permanent.passthroughs)),
  );
  return { tables: tables.filter(({ name }) => !(ownChains && name === 'filter')) };
};
