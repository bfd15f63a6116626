// What the programs that read files have in common.
import { type Call, type Ended, failed, pathOf, printed } from './program.ts';

/** The file's text, or the input's for `-`, converted and printed; or the complaint that it can't be read. */
export function readOr(call: Call, path: string, convert: (text: string) => string): Ended {
  const text = path === '-' ? call.input : call.server.files.read(pathOf(call, path));
  if (text !== null) return printed(convert(text));
  const isDirectory = call.server.files.node(pathOf(call, path)) !== null;
  return failed(1, `${call.name}: ${path}: ${isDirectory ? 'Is a directory' : 'No such file or directory'}`);
}

/** The lines of a text, without an empty one after the last line's end. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
