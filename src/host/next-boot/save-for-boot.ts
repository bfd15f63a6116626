// Makes a fix last: its rules, and only they, go into the files that the next boot loads; and out of them again.
import type { BootInsertion, NftInsertion, PlannedCommand } from '../../firewall/fix/plan.ts';
import { removeRulesFromSave } from '../../firewall/iptables/read/insert-into-save.ts';
import { removeFromScript } from '../../firewall/nftables/read/insert-into-script.ts';
import { readBytes, replaceFile, toBytes, untilReplaced } from '../files/replace-file.ts';
import { type Host, HostError } from '../host.ts';
import { openChangeBook } from '../trial/change-book.ts';
import { backUpOwnersFiles, markOwnersFiles } from '../trial/owners-files.ts';
import { saveInNftScript } from './save-in-nft-script.ts';
import { saveInRulesFile } from './save-in-rules-file.ts';
import { readSavedChanges, type Saved, type SavedChange } from './saved-changes.ts';

/** What was saved: `files` hold the rules now, `backups` are all files as they were before the case; `advice` says what is left to do by hand. */
export type SavedFiles = {
  readonly files: readonly string[];
  readonly backups: readonly string[];
  readonly advice: readonly string[];
};

/**
 * What is to last: rules for the files of iptables and for the script of nft, and the commands by which an owner saves by itself, with the
 * files that have the rules then.
 */
export type ToSave = {
  readonly caseId: string;
  readonly insertions: readonly BootInsertion[];
  readonly nftInsertions?: readonly NftInsertion[];
  readonly commands?: readonly PlannedCommand[];
  readonly ownersFiles?: readonly string[];
};

/**
 * Saves all of it. Nothing is thrown: the fix is in force already, so what can't be saved becomes advice.
 * Rules that are only in force for now (fail2ban's, Docker's, our own logging) are not saved with it.
 */
export async function saveForBoot(
  host: Host,
  { caseId, insertions, nftInsertions = [], commands = [], ownersFiles = [] }: ToSave,
): Promise<SavedFiles> {
  const files = new Set<string>();
  const advice: string[] = [];
  const { prepare, backups } = await openChangeBook(host, caseId);
  const acts = [
    ...groupByFile(insertions).map(
      ([family, own]) =>
        () =>
          saveInRulesFile(host, family, own, prepare),
    ),
    ...nftInsertions.map((insertion) => () => saveInNftScript(host, insertion, prepare)),
    async () => {
      if (commands.length > 0) await backUpOwnersFiles(host, ownersFiles, prepare);
      const saved = await saveByOwner(host, commands, ownersFiles);
      await markOwnersFiles(host, caseId);
      return saved;
    },
  ];
  for (const act of acts) {
    try {
      const saved = await act();
      for (const path of saved.paths) files.add(path);
      advice.push(...saved.advice);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      advice.push(error.message, ...error.nextSteps);
    }
  }
  return { files: [...files], backups: backups(), advice: [...new Set(advice)] };
}

/** Takes what the case saved out of the files again, wherever in them it stands by now; returns the files that had it. */
export async function undoSaveForBoot(host: Host, caseId: string): Promise<string[]> {
  const changed = new Set<string>();
  for (const change of await readSavedChanges(host, caseId)) {
    const end = await untilReplaced(change.path, () => undoChange(host, change));
    if (end === 'replaced') changed.add(change.path);
  }
  return [...changed];
}

async function undoChange(host: Host, change: SavedChange): Promise<'replaced' | 'changed' | 'absent'> {
  const found = await readBytes(host, change.path);
  const bytes = found && takeOut(found.bytes, change);
  if (found === null || bytes === null || bytes === found.bytes) return 'absent';
  return replaceFile(host, { path: found.path, old: found.bytes, bytes }, async () => null);
}

function takeOut(bytes: string, change: SavedChange): string {
  switch (change.kind) {
    case 'rules':
      return removeRulesFromSave(bytes, change.ruleTexts.map(toBytes));
    case 'statement':
      return removeFromScript(bytes, change.inserted, toBytes(change.statement));
    case 'owner':
      // The rollback has told the owner.
      return bytes;
  }
}

function groupByFile(insertions: readonly BootInsertion[]): ['ip' | 'ip6', BootInsertion[]][] {
  return (['ip', 'ip6'] as const).flatMap((family) => {
    const own = insertions.filter((insertion) => insertion.family === family);
    return [...Map.groupBy(own, ({ file }) => file).values()].map((group): ['ip' | 'ip6', BootInsertion[]] => [
      family,
      group,
    ]);
  });
}

/** The owner changes its own files in its own way, and takes the rules out of them again when it is told to. */
async function saveByOwner(host: Host, commands: readonly PlannedCommand[], files: readonly string[]): Promise<Saved> {
  for (const { command, input } of commands) {
    const { code, stderr } = await host.run(command, { input });
    if (code !== 0) {
      const why = `${command.join(' ')}: ${stderr.trim()}`;
      return { paths: [], advice: [`This did not work, so the next boot may not know the fix: ${why}`] };
    }
  }
  return { paths: files, advice: [] };
}
