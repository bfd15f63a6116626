// Makes a kept fix last, and proves it: what the next boot loads is loaded aside, and loopback is traced there.
import { findLostAtBoot } from '../diagnosis/find-lost-at-boot.ts';
import type { FixPlan } from '../firewall/fix/plan.ts';
import { ParseError } from '../firewall/parse-error.ts';
import { type Host, HostError } from '../host/host.ts';
import { loadBootRules } from '../host/load-boot-rules.ts';
import { saveForBoot } from '../host/save-for-boot.ts';
import type { SavedForBoot } from '../wizard/state.ts';
import { nameConversation, nameRule } from '../words/rules.ts';
import { bringBack } from './bring-back.ts';
import { parseDumps, readServer } from './read-server.ts';

/** What a plan has to make last, and what it is known by. */
export type BootPlan = Pick<
  FixPlan,
  'choice' | 'repaired' | 'undo' | 'bootInsertions' | 'nftInsertions' | 'bootCommands' | 'ownersFiles' | 'bootAdvice'
>;

/** Saves the plan of a case that has just been kept. */
export const savePlan = async (host: Host, caseId: string, plan: BootPlan): Promise<SavedForBoot> => {
  const { bootInsertions: insertions, nftInsertions, bootCommands: commands, ownersFiles } = plan;
  const back = await bringBack(host, caseId, plan).catch(tellNothing);
  const saved = await saveForBoot(host, { caseId, insertions, nftInsertions, commands, ownersFiles });
  const { proof, advice } = await tryNextBoot(host).catch(giveUp);
  return { ...saved, proof, advice: [...back, ...plan.bootAdvice, ...saved.advice, ...advice] };
};

/** The fix is kept already: rules that can't be read are no reason to fail now. */
const tellNothing = (error: unknown): string[] => {
  if (error instanceof HostError || error instanceof ParseError) return [];
  throw error;
};

const giveUp = (error: unknown): Pick<SavedForBoot, 'proof' | 'advice'> => ({
  proof: null,
  advice: tellNothing(error),
});

/** `proof` is null where nothing could be proved; `advice` names what the next boot would stop. */
const tryNextBoot = async (host: Host): Promise<Pick<SavedForBoot, 'proof' | 'advice'>> => {
  const facts = await readServer(host);
  // ufw, firewalld and generators make their rules by themselves: no file shows all that they will be.
  const isMade = facts.ownerFacts?.installed.some(({ name, isOn }) => isOn && MAKERS.includes(name));
  const boot = isMade ? null : await loadBootRules(host, facts.iptables ?? 'nft');
  if (boot === null) return { proof: null, advice: [] };
  const [lost] = findLostAtBoot(facts, parseDumps(boot.dumps));
  const files = boot.files.join(' and ');
  if (lost === undefined)
    return { proof: `${files} loaded in a network namespace aside: loopback passes there as it does now`, advice: [] };
  const by = lost.stoppedAt === null ? '' : ` by ${nameRule(lost.stoppedAt.rule)}`;
  const stops = `With the next boot ${nameConversation(lost.conversation)} would be stopped again${by}`;
  return { proof: null, advice: [`${stops}: so it goes when ${files} is loaded aside.`] };
};

const MAKERS: readonly string[] = ['ufw', 'firewalld', 'shorewall', 'firehol', 'csf', 'ferm', 'arno-iptables-firewall'];
