// Makes a kept fix last, by the files that the next boot loads, and has it proved.
import type { FixPlan } from '../../firewall/fix/plan.ts';
import { ParseError } from '../../firewall/model/parse-error.ts';
import { type Host, HostError } from '../../host/host.ts';
import { saveForBoot } from '../../host/next-boot/save-for-boot.ts';
import type { SavedForBoot } from '../../wizard/state.ts';
import { readServer } from '../read-server.ts';
import { bringBack } from './bring-back.ts';
import { placeForBoot } from './place-for-boot.ts';
import { proveNextBoot } from './prove-next-boot.ts';

/** What a plan has to make last, and what it is known by. */
export type BootPlan = Pick<
  FixPlan,
  'choice' | 'repaired' | 'undo' | 'bootInsertions' | 'nftInsertions' | 'bootCommands' | 'ownersFiles' | 'bootAdvice'
>;

/** Saves the plan of a case that has just been kept, where it works in what the next boot loads, and has that proved. */
export const savePlan = async (host: Host, caseId: string, plan: BootPlan): Promise<SavedForBoot> => {
  const { bootCommands: commands, ownersFiles } = plan;
  const back = await bringBack(host, caseId, plan).catch(tellNothing);
  const place = async () => placeForBoot(host, await readServer(host), caseId, plan);
  const { bootInsertions: insertions, nftInsertions } = await place().catch((error) => {
    tellNothing(error);
    return plan;
  });
  const saved = await saveForBoot(host, { caseId, insertions, nftInsertions, commands, ownersFiles });
  const proved = await proveNextBoot(host, { caseId, ...plan }).catch(giveUp);
  return { ...saved, ...proved, advice: [...back, ...plan.bootAdvice, ...saved.advice, ...proved.advice] };
};

/** The fix is kept already: rules that can't be read are no reason to fail now. */
const tellNothing = (error: unknown): string[] => {
  if (error instanceof HostError || error instanceof ParseError) return [];
  throw error;
};

const giveUp = (error: unknown): Pick<SavedForBoot, 'proof' | 'nextBoot' | 'advice'> => ({
  nextBoot: 'unknown',
  proof: null,
  advice: [...tellNothing(error), 'Whether loopback passes after the next boot could not be found out.'],
});
