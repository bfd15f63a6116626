// Makes text from outside safe to show: nothing in it can move the cursor, change colours or reorder what is read.

// Controls, formats (zero-width, bidirectional, tags, BOM), line and paragraph separators, lone surrogates, unassigned, variation selectors.
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]|\p{Variation_Selector}/gu;

const escapeCharacter = (character: string): string => {
  if (character === '\t') return ' ';
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
};

/** Replaces every control, invisible and direction-changing character by a visible escape such as `\x1b`; a tab becomes a space. */
export const printable = (text: string): string => text.replace(HOSTILE, escapeCharacter);
