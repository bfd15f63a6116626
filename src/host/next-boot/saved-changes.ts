// What a case has changed in files that last, written down so that it can be taken out again, also after a reboot.
import * as z from 'zod';
import { readRecord, writeRecord } from '../files/write-record.ts';
import type { Host } from '../host.ts';

const NAME = 'saved.json';
const SCHEMA = 'lo-doctor.saved/1';
const known = { path: z.string(), backup: z.string().nullable().default(null) };
const document = z.object({
  schema: z.literal(SCHEMA),
  changes: z.array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('rules'), ...known, ruleTexts: z.array(z.string()) }),
      z.object({ kind: z.literal('statement'), ...known, inserted: z.string(), statement: z.string() }),
      z.object({ kind: z.literal('owner'), ...known }),
    ]),
  ),
});

/**
 * What a case put into one file: whole rules of iptables-save text, or a statement of nft as part of exactly `inserted` (bytes, one a
 * character). `owner`: a program like ufw has rewritten the file, and takes the rule out again when it is told to.
 */
export type FileChange =
  | { readonly kind: 'rules'; readonly path: string; readonly ruleTexts: readonly string[] }
  | { readonly kind: 'statement'; readonly path: string; readonly inserted: string; readonly statement: string }
  | { readonly kind: 'owner'; readonly path: string };

/** `backup`: a copy of the file as it was before; null where there was no file. */
export type SavedChange = FileChange & { readonly backup: string | null };

/** To be called right before a file is changed; `isThere`: the file exists, and is to be backed up. */
export type PrepareChange = (change: FileChange, isThere: boolean) => Promise<void>;

/** The files that have a rule now, and what is left to do by hand. */
export type Saved = { readonly paths: readonly string[]; readonly advice: readonly string[] };

/** Writes down all that the case puts into files. */
export async function writeSavedChanges(host: Host, caseId: string, changes: readonly SavedChange[]): Promise<void> {
  await writeRecord(host, caseId, NAME, `${JSON.stringify({ schema: SCHEMA, changes })}\n`);
}

/** What was written down; empty for a case that saved nothing, and where it can't be read (torn by a power cut): its rules have its tag still. */
export async function readSavedChanges(host: Host, caseId: string): Promise<readonly SavedChange[]> {
  const text = await readRecord(host, caseId, NAME);
  try {
    return text === null ? [] : document.parse(JSON.parse(text)).changes;
  } catch {
    return [];
  }
}
