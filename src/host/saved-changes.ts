// What a case has saved for boot, written down so that it can be taken out again, also after a reboot.
import * as z from 'zod';
import type { Host } from './host.ts';
import { readRecord, writeRecord } from './write-record.ts';

const NAME = 'saved.json';
const SCHEMA = 'lo-doctor.saved/1';
const document = z.object({
  schema: z.literal(SCHEMA),
  changes: z.array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('rules'), path: z.string(), ruleTexts: z.array(z.string()) }),
      z.object({ kind: z.literal('statement'), path: z.string(), inserted: z.string(), statement: z.string() }),
    ]),
  ),
});

/** What a case put into one file: whole rules of iptables-save text, or a statement of nft as part of exactly `inserted` (bytes, one a character). */
export type SavedChange =
  | { readonly kind: 'rules'; readonly path: string; readonly ruleTexts: readonly string[] }
  | { readonly kind: 'statement'; readonly path: string; readonly inserted: string; readonly statement: string };

/** To be called right before a file is changed; `isThere`: the file exists and is backed up. */
export type PrepareChange = (change: SavedChange, isThere: boolean) => Promise<void>;

/** The files that have a rule now, and what is left to do by hand. */
export type Saved = { readonly paths: readonly string[]; readonly advice: readonly string[] };

/** Writes down all that the case puts into files. */
export async function writeSavedChanges(host: Host, caseId: string, changes: readonly SavedChange[]): Promise<void> {
  await writeRecord(host, caseId, NAME, `${JSON.stringify({ schema: SCHEMA, changes })}\n`);
}

/** What was written down; empty for a case that saved nothing. */
export async function readSavedChanges(host: Host, caseId: string): Promise<readonly SavedChange[]> {
  const text = await readRecord(host, caseId, NAME);
  return text === null ? [] : document.parse(JSON.parse(text)).changes;
}
