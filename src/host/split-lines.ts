// Lines out of a stream: as they come, without line ends, never held back and never without bound.

const LONGEST_LINE = 64 * 1024;

/**
 * The lines of a readable stream of bytes (UTF-8). A last line without an end is a line too; one longer than
 * 64 KiB comes in pieces. An error of the stream (it was stopped) ends the lines.
 */
export async function* splitLines(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of stream.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (rest.length > LONGEST_LINE) {
        yield rest;
        rest = '';
      }
    }
  } catch {
    // The stream was ended from our side, or its process died: what came so far has been delivered.
  }
  if (rest !== '') yield rest;
}
