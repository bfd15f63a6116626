// What a case has saved for boot, written down so that `undo` takes it out again, also after a reboot.
import { z } from 'zod';
import { removeRulesFromSave } from '../firewall/iptables/insert-into-save.ts';
import { checkedId, RECORD_ROOT } from './case-file.ts';
import type { Host } from './host.ts';
import { readBytes, replaceFile, toBytes } from './replace-file.ts';
import { writeRecord } from './write-record.ts';

const NAME = 'saved.json';
const document = z.object({
  schema: z.literal('lo-doctor.saved/1'),
  files: z.array(z.object({ path: z.string(), ruleTexts: z.array(z.string()) })),
});

/** The rules that a case put into one file. */
export type SavedRules = { readonly path: string; readonly ruleTexts: readonly string[] };

/** Writes down which rules the case puts into which files. */
export async function writeSavedRules(host: Host, caseId: string, files: readonly SavedRules[]): Promise<void> {
  await writeRecord(host, caseId, NAME, `${JSON.stringify({ schema: 'lo-doctor.saved/1', files })}\n`);
}

/** Takes the case's rules out of the files again, wherever in them they stand by now; returns the files that had them. */
export async function undoSaveForBoot(host: Host, caseId: string): Promise<string[]> {
  const { code, stdout } = await host.run(['cat', `${RECORD_ROOT}/${checkedId(caseId)}/${NAME}`]);
  const changed: string[] = [];
  for (const { path, ruleTexts } of code === 0 ? document.parse(JSON.parse(stdout)).files : []) {
    const found = await readBytes(host, path);
    if (found === null) continue;
    const bytes = removeRulesFromSave(found.bytes, ruleTexts.map(toBytes));
    if (bytes === found.bytes) continue;
    await replaceFile(host, found.path, bytes, async () => null);
    changed.push(path);
  }
  return changed;
}
