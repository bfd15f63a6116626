// A shell's command line, taken apart as far as it takes to see which programs it runs with which words.

const OPERATORS = new Set(['|', ';', '&', '\n', '(', ')', '{', '}', '`']);

type Reader = { at: number; readonly text: string };

/** One word with its quotes gone; null where the next thing is no word. */
const readWord = (reader: Reader): string | null => {
  const { text } = reader;
  let word = '';
  const start = reader.at;
  while (reader.at < text.length) {
    const character = text[reader.at] ?? '';
    if (/\s/.test(character) || OPERATORS.has(character) || character === '<' || character === '>') break;
    reader.at += 1;
    if (character === "'" || character === '"') word += readQuoted(reader, character);
    else if (character === '\\') {
      word += text[reader.at] ?? '';
      reader.at += 1;
    } else word += character;
  }
  return reader.at === start ? null : word;
};

const readQuoted = (reader: Reader, quote: string): string => {
  let inside = '';
  while (reader.at < reader.text.length) {
    const character = reader.text[reader.at] ?? '';
    reader.at += 1;
    if (character === quote) break;
    const next = reader.text[reader.at] ?? '';
    if (character === '\\' && quote === '"' && '"\\$`'.includes(next)) {
      inside += next;
      reader.at += 1;
    } else inside += character;
  }
  return inside;
};

/** The commands of a line, each as its words without quotes; whatever joins them, all of them count. Where a redirection goes is a word as well. */
export const splitCommandLine = (text: string): string[][] => {
  const reader: Reader = { at: 0, text };
  const commands: string[][] = [[]];
  while (reader.at < text.length) {
    const word = readWord(reader);
    if (word !== null) commands.at(-1)?.push(word);
    else {
      if (OPERATORS.has(text[reader.at] ?? '')) commands.push([]);
      reader.at += 1;
    }
  }
  return commands.filter((words) => words.length > 0);
};
