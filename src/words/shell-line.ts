// Commands as shell lines that do the same when they are pasted.
import { inSingleQuotes } from '../single-quotes.ts';
import { isHostile } from './printable.ts';

/** A word as a POSIX shell reads it back; quotes only where it needs them. */
export const quoteShellWord = (word: string): string => {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return isHostile(word) ? quoteByPrintf(word) : inSingleQuotes(word);
};

/** `"$(printf 'no\033spam')"`: what can't be shown as it is, so that what is shown can be pasted. The substitution takes line ends away. */
const quoteByPrintf = (word: string): string => {
  const [, body = '', ends = ''] = /^([\s\S]*?)(\n*)$/.exec(word) ?? [];
  const escaped = Array.from(new TextEncoder().encode(body), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\x20-\x7e\n\t]/.test(character) && !/[\\%']/.test(character)
      ? character
      : `\\${byte.toString(8).padStart(3, '0')}`;
  }).join('');
  return `"$(printf '${escaped}')${ends}"`;
};

/** A command as a shell line that does the same when it is pasted. */
export const shellLine = (argv: readonly string[]): string => argv.map(quoteShellWord).join(' ');
