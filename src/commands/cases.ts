// `lo-doctor confirm`, `undo` and `report`: what can be done with a case after its walk.
import { type Case, isCaseId, listCases, RECORD_ROOT, readCase } from '../host/case-file.ts';
import { type ComparedFile, compareWithBackups } from '../host/compare-with-backups.ts';
import { type Host, HostError } from '../host/host.ts';
import { findRulesWithoutTag, findTagInBootFiles } from '../host/look-for-left-overs.ts';
import { undoSaveForBoot } from '../host/save-for-boot.ts';
import { confirmCase, rollBackCase } from '../host/trial.ts';
import { readRecord } from '../host/write-record.ts';
import { printable } from '../words/printable.ts';
import { sayWhetherSaved } from '../words/verify-page.ts';
import type { Io } from './io.ts';
import { needRoot } from './need-root.ts';
import { readPlanRecord } from './plan-record.ts';
import { savePlan } from './save-plan.ts';

const CASES_ARE_ROOTS =
  'Fixes and reports can be looked up by root alone: whether there is one here is not known without it.';

type CaseIo = Pick<Io, 'stdout'>;

const EXIT = { done: 0, rolledBack: 5 } as const;

/** The case that is meant: the named one, or the only (`latest`: the youngest) one that fits. */
const findCase = async (host: Host, id: string | null, fits: (one: Case) => boolean, none: string): Promise<Case> => {
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
  const found = await findCase(host, id, ({ state }) => state === 'armed', none);
  const document = { schema: 'lo-doctor.confirm/1', case: found.id };
  const end = await confirmCase(host, found.id);
  const notKept = { ...document, outcome: end, files: [], nextBoot: null, proof: null, advice: [] };
  if (end === 'rollback-failed') {
    tell(json, io, notKept, []);
    throw await leftInForce(host, found.id);
  }
  if (end === 'rolled-back') {
    const lines = [`Case ${found.id} was rolled back already: the rules are as they were before.`];
    tell(json, io, notKept, lines);
    return EXIT.rolledBack;
  }
  const saved = await savePlan(host, found.id, await readPlanRecord(host, found.id));
  const { files, nextBoot, proof, advice } = saved;
  tell(json, io, { ...document, outcome: 'kept', files, nextBoot, proof, advice }, [
    `Case ${found.id} is kept.`,
    sayWhetherSaved(saved).slice(1).join(''),
    ...(proof === null ? [] : [`Proved: ${proof}.`]),
    ...advice,
  ]);
  return EXIT.done;
};

const tellCompared = ({ path, isAsBefore, backup }: ComparedFile): string => {
  if (isAsBefore) return `${path} is ${backup === null ? 'gone again' : 'byte for byte as it was'}.`;
  if (backup === null) return `${path} was not there before the fix; the other rules that it holds by now stay.`;
  return `${path} has been changed by somebody else too, and that stays. As it was before the fix: ${backup}`;
};

/** Somebody else may have saved the rules while they were in force. */
const refuseLeftInFiles = async (host: Host, id: string): Promise<void> => {
  const files = await findTagInBootFiles(host, id);
  if (files.length === 0) return;
  throw new HostError(
    `The rules of case ${id} are out of force, but not out of ${files.join(', ')}: the next boot may load them.`,
    { nextSteps: [`Take the lines with "lo-doctor ${id}" out of there, or save the rules anew by what wrote them.`] },
  );
};

/** Takes a fix back: its rules, and what it saved for the next boot. With `json`, a document (schema lo-doctor.undo/1). */
export const runUndo = async (id: string | null, host: Host, io: CaseIo, json = false): Promise<number> => {
  await needRoot(host, CASES_ARE_ROOTS);
  const fits = ({ state }: Case) => state === 'armed' || state === 'confirmed' || state === 'rollback-failed';
  const found = await findCase(host, id, fits, 'There is no fix on this server that could be taken back.');
  const outcome = await rollBackCase(host, found.id);
  const files = await undoSaveForBoot(host, found.id);
  if (outcome === 'rollback-failed') throw await leftInForce(host, found.id);
  await refuseLeftInFiles(host, found.id);
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

/** The youngest record that holds such a report: a walk that changed nothing leaves one, too. */
const findLatestReport = async (host: Host, name: string): Promise<string> => {
  const { stdout } = await host.run(['ls', '-1t', RECORD_ROOT]);
  for (const id of stdout.split('\n').filter(isCaseId)) if ((await readRecord(host, id, name)) !== null) return id;
  throw new HostError('There is no report on this server yet.');
};

/** Prints the report of a walk. */
export const runReport = async (
  id: string | null,
  format: 'md' | 'json' | 'sh',
  host: Host,
  io: CaseIo,
): Promise<number> => {
  await needRoot(host, CASES_ARE_ROOTS);
  const found = id ?? (await findLatestReport(host, `report.${format}`));
  const text = await readRecord(host, found, `report.${format}`);
  if (text === null)
    throw new HostError(`Case ${found} has no report on this server.`, {
      nextSteps: ['A walk writes it when it ends: look in /var/lib/lo-doctor.'],
    });
  io.stdout(text);
  return EXIT.done;
};
