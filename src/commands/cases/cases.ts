// `lo-doctor confirm` and `undo`: what can be done with a case after its walk.

import { type Host, HostError } from '../../host/host.ts';
import { findLeftOver } from '../../host/left-over/find-left-over.ts';
import { findRulesWithoutTag } from '../../host/left-over/find-rules-without-tag.ts';
import { findTagged } from '../../host/left-over/find-tagged.ts';
import { takeBackByTag } from '../../host/left-over/take-back-by-tag.ts';
import { undoSaveForBoot } from '../../host/next-boot/save-for-boot.ts';
import { listCases, readCase, type StoredCase } from '../../host/trial/case-file.ts';
import { type ComparedFile, compareWithBackups } from '../../host/trial/compare-with-backups.ts';
import { whileSettling } from '../../host/trial/lock.ts';
import { keepCase, rollBackCase } from '../../host/trial/trial.ts';
import { EXIT } from '../../options/exit-codes.ts';
import { sayWhetherSaved } from '../../steps/5-verify.ts';
import { printable } from '../../words/printable.ts';
import { readPlanRecord } from '../../work/next-boot/plan-record.ts';
import { savePlan } from '../../work/next-boot/save-plan.ts';
import { savedElsewhere } from '../../work/saved-elsewhere.ts';
import type { Io } from '../io.ts';
import { needRoot } from '../need-root.ts';
import { completeSaving } from './settle-left-over.ts';
import { tellLeftOver } from './tell-left-over.ts';

/** Who may ask about cases. */
export const CASES_ARE_ROOTS =
  'Fixes and reports can be looked up by root alone: whether there is one here is not known without it.';

type CaseIo = Pick<Io, 'stdout'>;

/** The case that is meant: the named one, or the only (`latest`: the youngest) one that fits. */
const findCase = async (
  host: Host,
  id: string | null,
  fits: (one: StoredCase) => boolean,
  none: string,
): Promise<StoredCase> => {
  const named = id === null ? null : await readCase(host, id);
  if (named !== null) return named;
  const { cases, strange } = await listCases(host);
  if (id !== null)
    throw new HostError(`There is no case ${id} on this server.`, {
      nextSteps: [
        ...(cases.length === 0 ? [] : [`Cases: ${cases.map((one) => `${one.id} (${one.state})`).join(', ')}`]),
        ...strange,
      ],
    });
  const latest = cases
    .filter(({ kind }) => kind === 'trial')
    .filter(fits)
    .at(-1);
  if (latest === undefined) throw new HostError(none, { nextSteps: strange });
  return latest;
};

/** Prints what became of a case: as a document, or in words. */
const tell = (json: boolean, { stdout }: CaseIo, document: object, lines: readonly string[]): void =>
  stdout(json ? `${JSON.stringify(document)}\n` : lines.map((line) => `${printable(line)}\n`).join(''));

/** What a failed rollback has left, as its log tells: rules may be in force that nobody has kept. */
const leftInForce = async (host: Host, id: string): Promise<HostError> => {
  const left = (await readCase(host, id))?.log.split('\n').filter((line) => line !== '') ?? [];
  return new HostError(`Case ${id} could not be taken back completely: its rules may still be in force.`, {
    nextSteps: [...left, `Once that is put right: lo-doctor undo ${id}`],
  });
};

/** Keeps a fix that waits for its confirmation, also for the next boot. With `json`, a document (schema lo-doctor.confirm/1). */
export const runConfirm = async (id: string | null, host: Host, io: CaseIo, json = false): Promise<number> => {
  await needRoot(host, CASES_ARE_ROOTS);
  const none = 'No fix waits for its confirmation: none was applied, or it has been kept or rolled back.';
  const found = await findCase(host, id, ({ state }) => state === 'armed' || state === 'saving', none);
  const document = { schema: 'lo-doctor.confirm/1', case: found.id };
  const isHalfSaved = found.state === 'saving';
  const kept = await (isHalfSaved
    ? completeSaving(host, found.id)
    : keepCase(host, found.id, async () => savePlan(host, found.id, await readPlanRecord(host, found.id))));
  const notKept = { ...document, outcome: kept.end, files: [], nextBoot: null, proof: null, advice: [] };
  switch (kept.end) {
    case 'rollback-failed':
      tell(json, io, notKept, []);
      throw await leftInForce(host, found.id);
    case 'rolled-back': {
      const lines = [`Case ${found.id} was rolled back already: the rules are as they were before.`];
      tell(json, io, notKept, lines);
      return EXIT.rolledBack;
    }
    case 'kept-elsewhere': {
      const saved = await savedElsewhere(host, found.id);
      tell(json, io, { ...notKept, outcome: 'kept', files: saved.files, nextBoot: 'unknown', advice: saved.advice }, [
        `Case ${found.id} is kept already.`,
        ...saved.advice,
      ]);
      return EXIT.done;
    }
    case 'confirmed': {
      const { files, nextBoot, proof, advice } = kept.saved;
      tell(json, io, { ...document, outcome: 'kept', files, nextBoot, proof, advice }, [
        `Case ${found.id} is kept.`,
        sayWhetherSaved(kept.saved).slice(1).join(''),
        ...(proof === null ? [] : [`Proved: ${proof}.`]),
        ...advice,
      ]);
      return EXIT.done;
    }
  }
};

const tellCompared = ({ path, isAsBefore, backup }: ComparedFile): string => {
  if (isAsBefore) return `${path} is ${backup === null ? 'gone again' : 'byte for byte as it was'}.`;
  if (backup === null) return `${path} was not there before the fix; the other rules that it holds by now stay.`;
  return `${path} has been changed by somebody else too, and that stays. As it was before the fix: ${backup}`;
};

/** Somebody else may have saved the rules while they were in force. */
const refuseLeftInFiles = (id: string, places: readonly string[]): void => {
  const files = places.filter((where) => where.startsWith('/'));
  if (files.length === 0) return;
  throw new HostError(
    `The rules of case ${id} are out of force, but not out of ${files.join(', ')}: the next boot may load them.`,
    { nextSteps: [`Take the lines with "lo-doctor ${id}" out of there, or save the rules anew by what wrote them.`] },
  );
};

/** Rules that no case tells of: by their tag, in force and in the files of the next boot. */
const undoByTag = async (id: string, host: Host, io: CaseIo, json: boolean): Promise<number> => {
  const { files, left } = await whileSettling(host, () => takeBackByTag(host, id));
  if (left.length > 0)
    throw new HostError(`Case ${id} could not be taken back completely: its rules still stand in places.`, {
      nextSteps: [...left, 'Their comments name the case: delete them by hand.'],
    });
  tell(json, io, { schema: 'lo-doctor.undo/1', case: id, outcome: 'taken-back', files, compared: [] }, [
    `The rules of case ${id}, which were left behind, are gone.`,
    ...files.map((file) => `Removed from ${file} too.`),
  ]);
  return EXIT.done;
};

/** Takes a fix back: its rules, and what it saved for the next boot. With `json`, a document (schema lo-doctor.undo/1). */
export const runUndo = async (id: string | null, host: Host, io: CaseIo, json = false): Promise<number> => {
  await needRoot(host, CASES_ARE_ROOTS);
  const { leftOver } = await findLeftOver(host);
  const ownerless = leftOver.filter(({ kind }) => kind === 'ownerless');
  if (id !== null && ownerless.some((one) => one.id === id)) return undoByTag(id, host, io, json);
  const none = 'There is no fix on this server that could be taken back.';
  const found = await findCase(
    host,
    id,
    ({ state }) => state !== 'rolled-back' && state !== 'rolling-back',
    none,
  ).catch((error: unknown) => {
    if (!(error instanceof HostError) || ownerless.length === 0) throw error;
    throw new HostError(error.message, { nextSteps: [...error.nextSteps, ...ownerless.map(tellLeftOver)] });
  });
  const { outcome, files, left } = await whileSettling(host, async () => {
    const outcome = await rollBackCase(host, found.id);
    const recorded = await undoSaveForBoot(host, found.id);
    // What somebody else has saved, or what was saved by a process that was killed, is in no book.
    const isLeft = (await findTagged(host)).some((one) => one.id === found.id);
    const { files, left } = isLeft ? await takeBackByTag(host, found.id) : { files: [], left: [] };
    return { outcome, files: [...new Set([...recorded, ...files])], left };
  });
  if (outcome === 'rollback-failed') throw await leftInForce(host, found.id);
  refuseLeftInFiles(found.id, left);
  const [compared, alike] = await Promise.all([
    compareWithBackups(host, found.id),
    findRulesWithoutTag(host, found.id, found.undo),
  ]);
  tell(json, io, { schema: 'lo-doctor.undo/1', case: found.id, outcome: 'taken-back', files, compared, alike }, [
    `Case ${found.id} is taken back: its rules are gone.`,
    ...files.map((file) => `Removed from ${file} too.`),
    ...compared.map(tellCompared),
    ...alike.map((rule) => `A rule like it is in force under another comment, or none. It was left: ${rule}`),
  ]);
  return EXIT.done;
};
