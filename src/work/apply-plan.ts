// Applies a plan on a server whose rules others change all the time: what has moved is planned anew, what came in between is tried again.
import type { Inspection } from '../diagnosis/inspect/inspect.ts';
import type { Change, FixPlan } from '../firewall/fix/plan.ts';
import { findLost } from '../firewall/fix/tell/find-lost.ts';
import { type Host, HostError } from '../host/host.ts';
import { startTrial, type Trial } from '../host/trial/trial.ts';
import { writePlanRecord } from './next-boot/plan-record.ts';

/** So often the rules may have changed at the very moment. */
const MOST_TRIES = 6;

/** What is needed to apply a plan, and to make it anew by the rules as they are then. */
export type ApplyParts = {
  readonly host: Host;
  readonly caseId: string;
  readonly confirmWithin: number;
  readonly inspectNow: () => Promise<Inspection>;
  readonly planAgain: () => Promise<FixPlan | undefined>;
};

/** What is in force: the plan, or the same permits in the places where they had to go meanwhile. */
export type Applied = { readonly trial: Trial; readonly plan: FixPlan };

/**
 * Applies the plan as it has to be by the rules of this moment: the same permits in the same chains, by whatever numbers. A plan that says anything
 * else is not applied, since nobody has agreed to it. Where the permits come to stand elsewhere than planned, they are put in anew.
 * A HostError leaves nothing changed.
 */
export const applyPlan = async (parts: ApplyParts, agreed: FixPlan): Promise<Applied> => {
  const { host, caseId, confirmWithin } = parts;
  const first = await planWithin(parts, agreed);
  if (first === null)
    throw new HostError(
      'The rules of this server have changed meanwhile, so nothing was applied: the fix is another one now.',
      {
        nextSteps: ['Go back and have the fix worked out anew, by the rules as they are now.'],
      },
    );
  let plan: FixPlan = first;
  await writePlanRecord(host, caseId, plan);
  const { apply, undo, bootCommands, ownersFiles } = plan;
  // Without commands of its own for the next boot, an owner writes its files at once.
  const files = bootCommands.length === 0 ? ownersFiles : [];
  const trial = await startTrial(host, { caseId, apply, undo, files, confirmWithin });
  for (let tries = 1; !(await isInForce(parts, plan)); tries += 1) {
    await trial.takeOut();
    const again: FixPlan | null = tries < MOST_TRIES ? await planWithin(parts, plan) : null;
    if (again === null) return giveUp(caseId, trial);
    plan = again;
    await writePlanRecord(host, caseId, plan);
    await trial.putIn(plan.apply);
  }
  return { trial, plan };
};

/** Rules are put in by number: where others came or went at that moment, ours stand elsewhere, and perhaps where they do nothing, or too much. */
const isInForce = async ({ inspectNow, planAgain }: ApplyParts, plan: FixPlan): Promise<boolean> => {
  const { ruleset, surroundings, probes } = await inspectNow();
  if (findLost(plan, ruleset, surroundings, probes).length === 0) return true;
  // What others have stopped or sent elsewhere by themselves (a container's port) is not for a permit to help.
  return (await planAgain())?.changes.length === 0;
};

/** A few tries: what was read while somebody changed it may make no sense. */
const planWithin = async ({ planAgain }: ApplyParts, agreed: FixPlan): Promise<FixPlan | null> => {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const again = await planAgain();
    if (again !== undefined && isWithin(again, agreed)) return again;
  }
  return null;
};

/** True where it adds the same rules to the same chains and opens no more. */
const isWithin = (again: FixPlan, agreed: FixPlan): boolean => {
  const isSame = (a: readonly string[], b: readonly string[]) => a.toSorted().join('\n') === b.toSorted().join('\n');
  const known = listOpened(agreed);
  return (
    again.proof.holds &&
    isSame(again.changes.map(nameChange), agreed.changes.map(nameChange)) &&
    isSame(again.undo.map(nameCommand), agreed.undo.map(nameCommand)) &&
    listOpened(again).every((guard) => known.includes(guard))
  );
};

const nameChange = ({ place, rule }: Change): string => JSON.stringify([place, rule.text]);
const nameCommand = ({ command }: FixPlan['undo'][number]): string => JSON.stringify(command);
const listOpened = ({ jumped }: FixPlan): string[] =>
  jumped.flatMap(({ rule, isGuard }) =>
    isGuard ? [JSON.stringify([rule.family, rule.table, rule.chain, rule.text])] : [],
  );

const giveUp = async (caseId: string, trial: Trial): Promise<never> => {
  if ((await trial.rollBack()) === 'rollback-failed')
    throw new HostError('The fix could not be taken back completely.', { nextSteps: [`lo-doctor undo ${caseId}`] });
  throw new HostError(
    'The rules of this server change at every moment when the fix is applied, and it does not do what was planned. It was taken back at once.',
    { nextSteps: ['Find out what changes them all the time, stop it for a minute, and try again.'] },
  );
};
