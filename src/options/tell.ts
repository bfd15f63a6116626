// What help and the man page say of an option, an example and the exit codes, in plain text.
import { EXITS } from './commands.ts';

/** What an option means, with the words that it can be. */
export const tellOption = ({ means, words }: { means: string; words: readonly string[] | null }): string =>
  words === null ? means : `${means}: ${words.join(', ')} (without it: ${words[0]})`;

/** An example as it is typed; a pipe already is. */
export const tellExample = (example: string): string => (example.includes(' | ') ? example : `lo-doctor ${example}`);

/** The exit codes, each in the command's own words where it has some. */
export const tellExits = (own: Readonly<Record<number, string>>): string =>
  ['Exit codes:', ...Object.entries({ ...EXITS, ...own }).map(([code, means]) => `  ${code}  ${means}`)].join('\n');
