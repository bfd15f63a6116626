// Chunks of bytes → lines of text.

/** Longer lines come in pieces, so that a file without line ends can't fill the memory. */
const LONGEST = 1024 * 1024;

/** The lines of a stream of UTF-8, without line ends, as many at a time as a chunk completes. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST) {
      lines.push(rest);
      rest = '';
    }
    yield lines.map(trimReturn);
  }
  rest += decoder.decode();
  if (rest !== '') yield [trimReturn(rest)];
}

const trimReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);
