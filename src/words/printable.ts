// Makes text from outside safe to show: nothing in it can move the cursor, change colours or reorder what is read.

// Controls, formats (zero-width, bidirectional, tags, BOM), line and paragraph separators, lone surrogates, unassigned, variation selectors.
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]|\p{Variation_Selector}/gu;

const escapeCharacter = (character: string): string => {
  if (character === '\t') return ' ';
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
};

/** `\u009b`: what JSON reads back as the character itself. */
const escapeForJson = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
  ).join('');

const ORDINARY = /^[\x20-\x7e\n\t]*$/;

/**
 * What leaves this process on a terminal's stream: line ends and tabs stay, every other hostile character becomes an escape
 * that a JSON document may hold as well as a sentence. Nothing that was made printable before is changed.
 */
export const printableOutput = (text: string): string =>
  ORDINARY.test(text)
    ? text
    : text.replace(HOSTILE, (character) =>
        character === '\n' || character === '\t' ? character : escapeForJson(character),
      );

/** Whether something in the text, line ends and tabs apart, can't be shown as it is. */
export const isHostile = (text: string): boolean => printableOutput(text) !== text;

/** Leaves out what nobody types: controls, invisible and direction-changing characters. */
export const withoutHostile = (text: string): string => text.replace(HOSTILE, '');

/** Replaces every control, invisible and direction-changing character by a visible escape such as `\x1b`; a tab becomes a space. */
export const printable = (text: string): string => text.replace(HOSTILE, escapeCharacter);
