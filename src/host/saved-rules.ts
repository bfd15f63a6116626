// What a case has saved for boot, written down so that it can be taken out again, also after a reboot.
import { z } from 'zod';
import type { Host } from './host.ts';
import { readRecord, writeRecord } from './write-record.ts';

const NAME = 'saved.json';
const SCHEMA = 'lo-doctor.saved/1';
const document = z.object({
  schema: z.literal(SCHEMA),
  files: z.array(z.object({ path: z.string(), ruleTexts: z.array(z.string()) })),
});

/** The rules that a case put into one file. */
export type SavedRules = { readonly path: string; readonly ruleTexts: readonly string[] };

/** Writes down which rules the case puts into which files. */
export async function writeSavedRules(host: Host, caseId: string, files: readonly SavedRules[]): Promise<void> {
  await writeRecord(host, caseId, NAME, `${JSON.stringify({ schema: SCHEMA, files })}\n`);
}

/** What was written down; empty for a case that saved nothing. */
export async function readSavedRules(host: Host, caseId: string): Promise<readonly SavedRules[]> {
  const text = await readRecord(host, caseId, NAME);
  return text === null ? [] : document.parse(JSON.parse(text)).files;
}
