// Makes a kept fix last, by the files that the next boot loads, and has it proved.
import type { FixPlan } from '../firewall/fix/plan.ts';
import { ParseError } from '../firewall/parse-error.ts';
import { type Host, HostError } from '../host/host.ts';
import { saveForBoot } from '../host/save-for-boot.ts';
import type { SavedForBoot } from '../wizard/state.ts';
import { bringBack } from './bring-back.ts';
import { proveNextBoot } from './prove-next-boot.ts';

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
  const { proof, advice } = await proveNextBoot(host, { caseId, ...plan }).catch(giveUp);
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
