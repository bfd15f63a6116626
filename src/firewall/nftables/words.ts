// Splits the text of an nft rule into words, and walks along them.

/** A place in the words of a rule. */
export type Words = { readonly words: readonly string[]; at: number };

/** `tcp dport { 25, 26 } log prefix "a b"` → tcp, dport, {, 25, `,`, 26, }, log, prefix, "a b" (quotes are kept). */
export function splitWords(text: string): Words {
  const words = text.match(/"[^"]*"(?:-"[^"]*"|\*)?|[(){}]|,(?=\s)|[^\s"(){},]+(?:,[^\s"(){},]+)*/g) ?? [];
  return { words, at: 0 };
}

/** The word ahead, or undefined at the end. */
export function peek({ words, at }: Words, ahead = 0): string | undefined {
  return words[at + ahead];
}

/** Takes the word ahead. */
export function next(words: Words): string | undefined {
  return words.words[words.at++];
}

/** Takes the words ahead if they are these. */
export function take(words: Words, ...expected: readonly string[]): boolean {
  if (!expected.every((word, index) => peek(words, index) === word)) return false;
  words.at += expected.length;
  return true;
}

/** The text between quotes, or null. */
export function unquoted(word: string | undefined): string | null {
  return word?.startsWith('"') && word.endsWith('"') && word.length > 1 ? word.slice(1, -1) : null;
}

/** A whole number, or null. */
export function numberOf(word: string | undefined): number | null {
  return word !== undefined && /^\d+$/.test(word) ? Number(word) : null;
}
