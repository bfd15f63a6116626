// Makes rules of iptables last: they go into the rules file of their distribution or owner.
import type { BootInsertion } from '../../firewall/fix/plan.ts';
import { insertRulesIntoSave } from '../../firewall/iptables/read/insert-into-save.ts';
import { leaveOutPassingRules } from '../../firewall/iptables/read/leave-out-passing-rules.ts';
import { readBytes, replaceFile, toBytes, untilReplaced } from '../files/replace-file.ts';
import { type Command, type Host, HostError } from '../host.ts';
import { adviseBootPlace, adviseLoading } from './boot-advice.ts';
import { type BootPlace, findBootPlace } from './find-boot-place.ts';
import { findRestoreComplaint } from './find-restore-complaint.ts';
import type { PrepareChange, Saved } from './saved-changes.ts';

/** Puts the rules of one family into one file, or makes it. A HostError where that can't be done; nothing was changed then. */
export async function saveInRulesFile(
  host: Host,
  family: 'ip' | 'ip6',
  insertions: readonly BootInsertion[],
  prepare: PrepareChange,
): Promise<Saved> {
  const [file] = insertions.flatMap((insertion) => insertion.file ?? []);
  const place = file === undefined ? await findBootPlace(host, family) : ownersFile(file);
  if (place === null) return { paths: [], advice: [await adviseBootPlace(host, family)] };
  return untilReplaced(place.path, () => saveAt(host, { place, family, insertions, prepare }));
}

type Saving = {
  readonly place: BootPlace;
  readonly family: 'ip' | 'ip6';
  readonly insertions: readonly BootInsertion[];
  readonly prepare: PrepareChange;
};

async function saveAt(host: Host, { place, family, insertions, prepare }: Saving): Promise<Saved | 'changed'> {
  const found = place.exists ? await readBytes(host, place.path) : null;
  if (place.exists && found === null) throw new HostError(`${place.path} can't be read, so nothing was saved there.`);
  const path = found?.path ?? place.path;
  const old = found?.bytes ?? null;
  const advice: string[] = [];
  const bytes =
    old === null
      ? await dumpRules(host, { path, family, insertions }, advice)
      : insertInto(old, path, insertions, advice);
  await prepare({ kind: 'rules', path, ruleTexts: insertions.map(({ ruleText }) => ruleText) }, old !== null);
  const end = await replaceFile(host, { path, old, bytes }, (file) =>
    findRestoreComplaint(host, family, file, found?.path ?? null),
  );
  if (end === 'changed') return end;
  if (!place.isLoaded) advice.push(adviseLoading(place));
  return { paths: [path], advice };
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

type NewFile = Pick<Saving, 'family' | 'insertions'> & { readonly path: string };

/** The rules in force, for a file that is not there yet: of lo-doctor's own only those that are to stay, and of others none that they make themselves. */
async function dumpRules(host: Host, { path, family, insertions }: NewFile, advice: string[]): Promise<string> {
  const command: Command = [`${family}tables-save`];
  const { code, stdout, stderr } = await host.run(command);
  if (code !== 0) throw new HostError(`${command[0]} failed: ${stderr.trim()}`, { command });
  const kept = insertions.map(({ ruleText }) => ruleText);
  const isTemporary = (line: string) => line.includes('--comment "lo-doctor ') && !kept.includes(line);
  const lines = stdout.split('\n').filter((line) => !isTemporary(line));
  const { text, owners } = leaveOutPassingRules(lines.join('\n'));
  if (owners.length > 0)
    advice.push(
      `${path} was made from the rules in force without those of ${owners.join(' and ')}, which makes its own.`,
    );
  return toBytes(text);
}
