// Flags by Node's own parser, which has no words for mistakes: those are commander's.
import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** The values and positionals of plain arguments; null where there is anything else in them. */
export function readFlags<const O extends ParseArgsOptionsConfig>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true } satisfies ParseArgsConfig);
  } catch {
    return null;
  }
}
