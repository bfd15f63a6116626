// How many columns a text takes in a terminal.
import stringWidth from 'string-width';

/** ASCII, box drawing and bars: a column each. */
const NARROW = /^[\x20-\x7e\u2500-\u259f]*$/;

/** The columns of a text; what most texts consist of is told without the tables of the library, which cost 50 ms at first. */
export const textWidth = (text: string): number => (NARROW.test(text) ? text.length : stringWidth(text));
