// What help and the man page say of an option, an example and the exit codes, in plain text.
import { EXIT } from './exit-codes.ts';

/** What each code means that a command gives by itself. */
export const EXITS = {
  [EXIT.done]: 'healthy, or done',
  [EXIT.blocked]: 'loopback is blocked',
  [EXIT.usage]: 'wrong usage',
  [EXIT.couldNot]: 'could not look or act',
  [EXIT.cantTell]: "can't tell",
  [EXIT.rolledBack]: 'a fix was rolled back',
} as const;

/** What an option means, with the words that it can be. */
export const tellOption = ({ means, words }: { means: string; words: readonly string[] | null }): string =>
  words === null ? means : `${means}: ${words.join(', ')} (without it: ${words[0]})`;

/** An example as it is typed; a pipe already is. */
export const tellExample = (example: string): string => (example.includes(' | ') ? example : `lo-doctor ${example}`);

/** The exit codes, each in the command's own words where it has some. */
export const tellExits = (own: Readonly<Record<number, string>>): string =>
  ['Exit codes:', ...Object.entries({ ...EXITS, ...own }).map(([code, means]) => `  ${code}  ${means}`)].join('\n');
