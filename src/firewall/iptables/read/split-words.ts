// A rule's line as words, split the way iptables-restore splits it.

/**
 * Splits at blanks; double quotes keep blanks and end a word, a backslash inside them takes the next character as it is.
 * Null where a quote is never closed.
 * Sample: `-A OUTPUT -m comment --comment "say \"hi\" -j" -j DROP`
 */
export function splitWords(line: string): string[] | null {
  if (!line.includes('"')) return line.split(/[ \t]+/).filter((word) => word !== '');
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    const character = line[at];
    if (character === ' ' || character === '\t') at++;
    else {
      const end = readWord(line, at, words);
      if (end === null) return null;
      at = end;
    }
  }
  return words;
}

/** Reads one word from `at`, adds it to `words` and returns where it ended. */
function readWord(line: string, at: number, words: string[]): number | null {
  let word = '';
  let i = at;
  for (; i < line.length; i++) {
    const character = line.charAt(i);
    if (character === ' ' || character === '\t') break;
    if (character !== '"') {
      word += character;
      continue;
    }
    for (i++; line[i] !== '"'; i++) {
      if (line[i] === '\\') i++;
      if (i >= line.length) return null;
      word += line[i];
    }
    i++;
    break;
  }
  words.push(word);
  return i;
}
