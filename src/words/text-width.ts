// How many columns a text takes in a terminal.
import { eastAsianWidth } from 'get-east-asian-width';

/** ASCII, box drawing and bars: a column each. */
const NARROW = /^[\x20-\x7e\u2500-\u259f]*$/;
/** Drawn over the character before. */
const MARK = /^[\p{Nonspacing_Mark}\p{Enclosing_Mark}]$/u;

const columnsOf = (character: string): number =>
  MARK.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0);

/**
 * The columns of a text that is printable. Joined emoji can't be in it (their joiners are escaped), so each character counts by
 * itself: string-width, which reads whole clusters, takes 25 ms to load. What it would count less is only ever wrapped sooner.
 */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
}
