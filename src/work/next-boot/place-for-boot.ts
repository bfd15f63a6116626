// Finds the place of a fix in what the next boot loads: by a plan made on the rules that those files make, which may be others than those in force.
import { inspect, type ServerFacts } from '../../diagnosis/inspect/inspect.ts';
import type { BootInsertion, FixPlan } from '../../firewall/fix/plan.ts';
import { planFix } from '../../firewall/fix/plan-fix.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import type { Host } from '../../host/host.ts';
import { findBootPlace } from '../../host/next-boot/find-boot-place.ts';
import { type BootFile, loadBootRules } from '../../host/next-boot/load-boot-rules.ts';
import { findNftScript } from '../../host/next-boot/nft-script.ts';
import type { FirewallDump } from '../../host/rules/read-firewall.ts';
import { parseDumps } from '../read-server.ts';
import { asAtBoot, findMakersAtBoot } from './judge-next-boot.ts';

type Insertions = Pick<FixPlan, 'bootInsertions' | 'nftInsertions'>;

/**
 * The insertions as the files want them. Where somebody else makes rules at boot (ufw, firewalld, generators), and where the files can't be
 * loaded aside, they stay as planned on the rules in force.
 */
export const placeForBoot = async (
  host: Host,
  facts: ServerFacts,
  caseId: string,
  plan: Insertions & Pick<FixPlan, 'repaired' | 'choice' | 'bootAdvice'>,
): Promise<Insertions> => {
  if (findMakersAtBoot(facts).length > 0) return plan;
  const asInForce = { ...plan, bootInsertions: plan.bootInsertions.map(inNoFileOfOwner) };
  const wanted: BootFile[] = [
    ...plan.bootInsertions.map(({ family }) => family),
    ...plan.nftInsertions.map(() => 'nft' as const),
  ];
  const [boot, ...there] = await Promise.all([
    loadBootRules(host, { variant: facts.iptables ?? 'nft', withUfw: false, evenIfUnused: wanted }),
    findBootPlace(host, 'ip'),
    findBootPlace(host, 'ip6'),
    findNftScript(host),
  ]);
  if (boot.kind !== 'loaded') return asInForce;
  const [ip, ip6, nft] = there.map((place) => place !== null && boot.files.includes(place.path));
  const isThere = { ip, ip6 };
  // Without a rules file, the tables that iptables prints as its own are the script's, which is read as what it is.
  const read = (dumps: readonly FirewallDump[]) =>
    parseDumps(dumps.filter((dump) => !nft || dump.layer === 'nftables' || isThere[dump.family]));
  const ruleset = fullest(boot.outcomes.map(read));
  const { surroundings, probes } = inspect(asAtBoot(facts, ruleset), caseId);
  const options = { caseId, iptables: facts.iptables, probes };
  const atBoot = planFix(ruleset, surroundings, plan.repaired, plan.choice, options);
  return {
    bootInsertions: [
      ...atBoot.bootInsertions
        .filter(({ family }) => isThere[family])
        .map((one) => numbered(ruleset, inNoFileOfOwner(one))),
      // A file that is not there yet is made of the rules in force, but for what the script makes.
      ...asInForce.bootInsertions.filter((one) => !isThere[one.family] && !isMadeByScript(ruleset, one)),
    ],
    nftInsertions: nft ? atBoot.nftInsertions : plan.nftInsertions,
  };
};

/** Where the order of the services is open, the outcome in which none has taken away what another had loaded. */
const fullest = (rulesets: readonly Ruleset[]): Ruleset => {
  const count = ({ tables }: Ruleset) => tables.reduce((sum, { chains }) => sum + chains.size, 0);
  return rulesets.reduce((best, one) => (count(one) > count(best) ? one : best), { tables: [] });
};

/** The chains of an owner that boot does not start are nobody's: what is put into its own files is loaded by nothing. */
const inNoFileOfOwner = ({ family, table, chain, beforeRuleText, ruleText }: BootInsertion): BootInsertion => ({
  family,
  table,
  chain,
  beforeRuleText,
  ruleText,
});

const isMadeByScript = ({ tables }: Ruleset, { family, table, chain }: BootInsertion): boolean =>
  tables.some(
    (one) => one.layer === 'nftables' && one.family === family && one.name === table && one.chains.has(chain),
  );

const numbered = ({ tables }: Ruleset, insertion: BootInsertion): BootInsertion => {
  const { family, table, chain, beforeRuleText } = insertion;
  const made = tables.find((one) => one.layer === 'iptables' && one.family === family && one.name === table);
  const rules = made?.chains.get(chain)?.rules ?? [];
  const at = rules.findIndex(({ text }) => text === beforeRuleText);
  return at < 0 ? insertion : { ...insertion, next: { number: at + 1, of: rules.length } };
};
