// Two that decide at the very deadline: confirm and the rollback. Exactly one happens, and the rules are as it says.
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../../src/host/host.ts';
import { readCase } from '../../../src/host/trial/case-file.ts';
import { confirmCase, rollBackCase, startTrial } from '../../../src/host/trial/trial.ts';
import { hostInLab } from '../host-in-lab.ts';
import { type Lab, startLab } from '../lab.ts';
import { type Figures, newFigures } from './figures.ts';

/** As many at a time: each waits for the lock of iptables. */
const BATCH = 8;
/** Long enough for so many to be armed at a time, also on a busy machine. */
const WITHIN = 20;

const ruleOf = (id: string) => [
  '-o',
  'lo',
  '-m',
  'comment',
  '--comment',
  `lo-doctor ${id}: permit loopback`,
  '-j',
  'ACCEPT',
];

/** One trial; confirmed so many milliseconds before or after its time is up. */
async function race(lab: Lab, id: string, offset: number, figures: Figures): Promise<void> {
  const host = hostInLab(lab);
  const change = (verb: string) => [{ command: ['iptables', '-w', '30', verb, 'OUTPUT', ...ruleOf(id)] as const }];
  const trial = await startTrial(host, {
    caseId: id,
    apply: change('-A'),
    undo: change('-D'),
    confirmWithin: WITHIN,
  }).catch((error: unknown) => {
    if (error instanceof HostError) return null;
    throw error;
  });
  figures.runs += 1;
  if (trial === null) return void figures.notes.push(`${id} could not be armed in time, and was taken back`);
  await sleep(Math.max(0, trial.rollsBackAt - Date.now() + offset));
  const said = await confirmCase(host, id).catch((error: unknown) => {
    if (error instanceof HostError) return 'refused';
    throw error;
  });
  for (let tries = 0; tries < 200; tries += 1) {
    const state = (await readCase(host, id))?.state;
    if (state === 'confirmed' || state === 'rolled-back') break;
    await sleep(100);
  }
  const state = (await readCase(host, id))?.state ?? 'forgotten';
  const isThere = (await lab.run(['iptables-save'])).includes(`lo-doctor ${id}:`);
  figures.reached += 1;
  const isRight = said === 'confirmed' ? state === 'confirmed' && isThere : state === 'rolled-back' && !isThere;
  if (!isRight) {
    figures.halfDone += 1;
    figures.notes.push(
      `race at ${offset} ms: confirm said ${said}, the case is ${state}, its rule is ${isThere ? 'there' : 'gone'}`,
    );
  }
  if (state === 'confirmed') await rollBackCase(host, id);
}

/** So many races, from 400 ms before the time is up to 200 ms after it. */
export async function drillRaces(count: number): Promise<Figures & { confirmed: number }> {
  const figures = { ...newFigures('confirm at the deadline'), confirmed: 0 };
  await using lab = await startLab();
  const foreign = ['-s', '203.0.113.5/32', '-j', 'DROP'];
  await lab.run(['iptables', '-A', 'INPUT', ...foreign]);
  for (let from = 0; from < count; from += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, count - from) }, (_, at) => from + at);
    await Promise.all(ids.map((at) => race(lab, `r${at}`, -400 + ((at * 37) % 600), figures)));
  }
  const left = await lab.run(['iptables-save']);
  figures.leftOvers += left.split('lo-doctor ').length - 1;
  if (!left.includes(foreign.join(' '))) figures.foreignLost += 1;
  figures.leftOvers += (await lab.run(['sh', '-c', 'ls /run/lo-doctor'])).split('\n').filter(Boolean).length;
  return figures;
}
