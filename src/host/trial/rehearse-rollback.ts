// A rollback tried out: a rule that does nothing is put in under an armed rollback, nobody confirms, and the listings tell what became of it.
import type { Rehearsal, RehearsalPlan } from '../../firewall/fix/rehearse-permits.ts';
import { type Host, HostError } from '../host.ts';
import { RECORD_ROOT, readCase } from './case-file.ts';
import { lookForTag } from './look-for-tag.ts';
import { rollBackCase, startTemporary } from './trial.ts';

/** Seconds that the rehearsed rollback waits: as many as the shortest wait of a fix; where putting the rule in takes longer, more. */
const WAITS = [10, 60] as const;
/** Seconds after which a rollback that has not struck is given up. */
const PATIENCE = 30;
const POLL = 200;

/** Takes about 10 seconds. Rejects with a HostError where nothing could be armed or put in. What did not go by itself is taken away here. */
export async function rehearseRollback(host: Host, plan: RehearsalPlan): Promise<Rehearsal> {
  const { caseId, undo } = plan;
  const { begun, wait } = await begin(host, plan);
  const directory = (await readCase(host, caseId))?.directory;
  const isProcess = (await host.run(['test', '-e', `${directory}/watching`])).code === 0;
  const known = { caseId, armedBy: isProcess ? 'process' : 'systemd', wait } as const;
  const { left: listings } = await lookForTag(host, caseId, undo);
  const isOver = () => performance.now() - begun > (wait + PATIENCE) * 1000;
  while ((await readCase(host, caseId))?.state === 'armed' && !isOver()) await pause();
  while ((await readCase(host, caseId)) !== null && !isOver()) await pause();
  const { left, unseen } = await lookForTag(host, caseId, undo);
  const seconds = Math.max(0, (performance.now() - begun) / 1000 - wait);
  if (left.length + unseen.length === 0) {
    await host.run(['rm', '-rf', `${RECORD_ROOT}/${caseId}`]);
    return listings.length === 0
      ? { ...known, outcome: 'never-seen', seconds: null, listings, log: [] }
      : { ...known, outcome: 'works', seconds, listings, log: [] };
  }
  const log = [
    ...((await readCase(host, caseId))?.log.split('\n').filter((line) => line !== '') ?? []),
    ...left.map((listing) => `${listing} still listed the rule after ${wait + PATIENCE} s.`),
    ...unseen.map((listing) => `${listing} could not be had.`),
  ];
  const end = await rollBackCase(host, caseId).catch(() => 'rollback-failed' as const);
  return { ...known, outcome: 'stayed', seconds: null, listings, log: [...log, SINCE[end]] };
}

/** Arms the rollback and puts the rule in. */
async function begin(host: Host, plan: RehearsalPlan): Promise<{ begun: number; wait: number }> {
  const [usual, long] = WAITS;
  const begun = performance.now();
  try {
    await startTemporary(host, { ...plan, expiresIn: usual });
    return { begun, wait: usual };
  } catch (error) {
    const isLate = performance.now() - begun > (usual - 1) * 1000;
    if (!(error instanceof HostError) || !isLate) throw error;
  }
  const again = performance.now();
  await startTemporary(host, { ...plan, expiresIn: long });
  return { begun: again, wait: long };
}

const SINCE = {
  'rolled-back': 'It has been taken away by lo-doctor itself since.',
  'rollback-failed': 'It is still there.',
} as const;

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL));
