// The labelled rulesets of real projects, where the corpus lies beside the project.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../shared/corpora/rulesets/labelled', import.meta.url));

export type LabelledDump = { readonly file: string; readonly text: string; readonly family: 'ip' | 'ip6' };

/** True where the corpus is there; else tests that need it skip, and one visible line says so. */
export const hasCorpus = existsSync(FOLDER);

export function readLabelledDumps(): LabelledDump[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.rules'))
    .map((file) => ({
      file,
      text: readFileSync(join(FOLDER, file), 'utf8'),
      family: file.includes('__v6') ? 'ip6' : 'ip',
    }));
}

export function readCorpusFile(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8');
}
