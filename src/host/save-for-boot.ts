// Makes a fix last: its rules, and only they, go into the file that the next boot loads; and out of it again.
import type { BootInsertion, PlannedCommand } from '../firewall/fix/plan.ts';
import { insertRulesIntoSave, removeRulesFromSave } from '../firewall/iptables/insert-into-save.ts';
import { adviseBootPlace, adviseLoading } from './boot-advice.ts';
import { type BootPlace, findBootPlace } from './find-boot-place.ts';
import { findRestoreComplaint } from './find-restore-complaint.ts';
import { type Command, type Host, HostError } from './host.ts';
import { readBytes, replaceFile, toBytes } from './replace-file.ts';
import { readSavedRules, type SavedRules, writeSavedRules } from './saved-rules.ts';
import { makeRecordDirectory } from './write-record.ts';

type Family = 'ip' | 'ip6';

/** What was saved: `files` hold the rules now, `backups` are the files as they were; `advice` says what is left to do by hand. */
export type SavedForBoot = {
  readonly files: readonly string[];
  readonly backups: readonly string[];
  readonly advice: readonly string[];
};

/** What is gathered on the way. */
type Progress = { files: string[]; backups: string[]; advice: string[]; rules: SavedRules[] };

/**
 * Saves the insertions of both families, and runs the commands by which an owner saves by itself. Nothing is thrown: the fix is in force already, so what can't be saved becomes advice.
 * Rules that are only in force for now (fail2ban's, Docker's, our own logging) are not saved with it.
 */
export async function saveForBoot(
  host: Host,
  {
    caseId,
    insertions,
    commands = [],
  }: { caseId: string; insertions: readonly BootInsertion[]; commands?: readonly PlannedCommand[] },
): Promise<SavedForBoot> {
  const progress: Progress = { files: [], backups: [], advice: [], rules: [] };
  for (const family of ['ip', 'ip6'] as const) {
    const byFile = Map.groupBy(
      insertions.filter((insertion) => insertion.family === family),
      ({ file }) => file,
    );
    for (const own of byFile.values()) {
      try {
        await saveFamily(host, caseId, family, own, progress);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        progress.advice.push(error.message, ...error.nextSteps);
      }
    }
  }
  for (const { command, input = '' } of commands) {
    const { code, stderr } = await host.run(command, { input });
    if (code !== 0)
      progress.advice.push(
        `This did not work, so the next boot may not know the fix: ${command.join(' ')}: ${stderr.trim()}`,
      );
  }
  const { files, backups, advice } = progress;
  return { files, backups, advice };
}

/** Takes the case's rules out of the files again, wherever in them they stand by now; returns the files that had them. */
export async function undoSaveForBoot(host: Host, caseId: string): Promise<string[]> {
  const changed: string[] = [];
  for (const { path, ruleTexts } of await readSavedRules(host, caseId)) {
    const found = await readBytes(host, path);
    if (found === null) continue;
    const bytes = removeRulesFromSave(found.bytes, ruleTexts.map(toBytes));
    if (bytes === found.bytes) continue;
    await replaceFile(host, found.path, bytes, async () => null);
    changed.push(path);
  }
  return changed;
}

async function saveFamily(
  host: Host,
  caseId: string,
  family: Family,
  insertions: readonly BootInsertion[],
  { files, backups, advice, rules }: Progress,
): Promise<void> {
  const [file] = insertions.flatMap((insertion) => insertion.file ?? []);
  const place = file === undefined ? await findBootPlace(host, family) : ownersFile(file);
  if (place === null) {
    advice.push(await adviseBootPlace(host, family));
    return;
  }
  const old = place.exists ? await readBytes(host, place.path) : null;
  if (place.exists && old === null) throw new HostError(`${place.path} can’t be read, so nothing was saved there.`);
  const path = old?.path ?? place.path;
  const bytes =
    old === null ? await dumpRules(host, family, insertions) : insertInto(old.bytes, path, insertions, advice);
  if (old !== null) backups.push(await backUp(host, caseId, path));
  // Written down before the file is changed: an undo then finds it whatever happens in between.
  rules.push({ path, ruleTexts: insertions.map(({ ruleText }) => ruleText) });
  await writeSavedRules(host, caseId, rules);
  await replaceFile(host, path, bytes, (file) => findRestoreComplaint(host, family, file, old?.path ?? null));
  files.push(path);
  if (!place.isLoaded) advice.push(adviseLoading(place));
}

/** A file that the owner of the chain has and loads itself. */
function ownersFile(path: string): BootPlace {
  return { path, exists: true, isLoaded: true, loader: 'ufw', enable: 'ufw enable' };
}

/** The file's bytes with the rules in them. */
function insertInto(bytes: string, path: string, insertions: readonly BootInsertion[], advice: string[]): string {
  const result = insertRulesIntoSave(bytes, insertions.map(toByteText));
  switch (result.kind) {
    case 'inserted':
      for (const { chain, ruleText } of result.placedFirst) {
        advice.push(
          `${path} differs from the rules in force, so this rule stands first in its chain ${chain}: ${ruleText}`,
        );
      }
      return result.text;
    case 'impossible': {
      const { table, chain, ruleText } = result.insertion;
      const missing = result.why === 'no-table' ? `table ${table}` : `chain ${chain} in its table ${table}`;
      throw new HostError(`${path} has no ${missing}, so this rule was not saved there: ${ruleText}`, {
        nextSteps: ['Find out what else makes these rules at boot, and add the rule there.'],
      });
    }
  }
}

function toByteText(insertion: BootInsertion): BootInsertion {
  const { beforeRuleText: before, ruleText } = insertion;
  return { ...insertion, ruleText: toBytes(ruleText), beforeRuleText: before === null ? null : toBytes(before) };
}

/** The rules in force, for a file that is not there yet; of lo-doctor's own only those that are to stay. */
async function dumpRules(host: Host, family: Family, insertions: readonly BootInsertion[]): Promise<string> {
  const command: Command = [`${family}tables-save`];
  const { code, stdout, stderr } = await host.run(command);
  if (code !== 0) throw new HostError(`${command[0]} failed: ${stderr.trim()}`, { command });
  const kept = insertions.map(({ ruleText }) => ruleText);
  const isTemporary = (line: string) => line.includes('--comment "lo-doctor ') && !kept.includes(line);
  const lines = stdout.split('\n').filter((line) => !isTemporary(line));
  return toBytes(lines.join('\n'));
}

async function backUp(host: Host, caseId: string, path: string): Promise<string> {
  const backup = `${await makeRecordDirectory(host, caseId)}/${path.slice(path.lastIndexOf('/') + 1)}.before`;
  const { code, stderr } = await host.run(['cp', '-p', path, backup]);
  if (code === 0) return backup;
  throw new HostError(`${path} could not be backed up, so nothing was saved there: ${stderr.trim()}`);
}
