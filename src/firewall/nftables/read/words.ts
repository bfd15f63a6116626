// Splits the text of an nft rule into words, and walks along them.

/** A place in the words of a rule. */
export type Words = { readonly words: readonly string[]; at: number };

/** `tcp dport { 25, 26 } log prefix "a b"` → tcp, dport, {, 25, `,`, 26, }, log, prefix, "a b" (quotes are kept). */
export function splitRuleWords(text: string): Words {
  const words = text.match(/"[^"]*"(?:-"[^"]*"|\*)?|[(){}]|,(?=\s)|[^\s"(){},]+(?:,[^\s"(){},]+)*/g) ?? [];
  return { words, at: 0 };
}

/** What `peek` and `next` say past the last word. No word is empty. */
export const END = '';

/** The word ahead, or END. */
export function peek({ words, at }: Words, ahead = 0): string {
  return words[at + ahead] ?? END;
}

/** Takes the word ahead; at the end it says END, and the rule is cut off. */
export function nextWord(words: Words): string {
  return words.words[words.at++] ?? END;
}

/** Whether a word was taken that isn't there: what was read of it is no rule of nft's. */
export function isCutOff({ words, at }: Words): boolean {
  return at > words.length;
}

/** Takes the words ahead if they are these. */
export function take(words: Words, ...expected: readonly string[]): boolean {
  if (!expected.every((word, index) => peek(words, index) === word)) return false;
  words.at += expected.length;
  return true;
}

/** The text between quotes, or null. */
export function unquoted(word: string): string | null {
  return word.startsWith('"') && word.endsWith('"') && word.length > 1 ? word.slice(1, -1) : null;
}

/** A name, which nft takes with quotes or without; null for what can be none. */
export function nameOf(word: string): string | null {
  return unquoted(word) ?? (/^[\w.\\/-]+$/.test(word) ? word : null);
}

/** A whole number, or null. */
export function numberOfWord(word: string): number | null {
  return /^\d+$/.test(word) ? Number(word) : null;
}
