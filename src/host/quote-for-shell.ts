// Words for a POSIX shell: what stands between single quotes is never interpreted.
import { inSingleQuotes } from '../single-quotes.ts';
import type { Command } from './host.ts';

/** One word that any POSIX shell reads back as exactly this text. Text with a NUL byte has no such word: it throws. */
export function quoteForShell(text: string): string {
  if (text.includes('\0')) throw new TypeError('a NUL byte cannot be passed to a command');
  return inSingleQuotes(text);
}

/** A command line that any POSIX shell runs as exactly this command. */
export function quoteCommand(command: Command): string {
  return command.map(quoteForShell).join(' ');
}
