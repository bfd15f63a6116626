// Blocks as lines of a terminal, in the colours of their tones where there are any.

import { inWords } from '../words/in-words.ts';
import { type Line, layOut, lineText } from '../words/lay-out.ts';
import type { Block, Tone } from '../words/page.ts';

/** Select Graphic Rendition (ECMA-48) by tone; the same looks as on the wizard's screens. */
const CODES: Record<Tone, string> = {
  plain: '',
  dim: '2',
  strong: '1',
  good: '32',
  bad: '1;31',
  warn: '33',
  accent: '36',
  mark: '1;4;31',
};

const paint = (line: Line): string =>
  line.map(({ text, tone }) => (CODES[tone] === '' ? text : `\x1b[${CODES[tone]}m${text}\x1b[0m`)).join('');

/** What blocks are printed on: as in Io. */
type Paper = { columns: number; color: boolean; unicode?: boolean; isSpoken?: boolean };

/** Lays blocks out in so many columns, one text with a line end after each line. Nothing hostile gets through. */
export const printBlocks = (
  blocks: readonly Block[],
  { columns, color, unicode = false, isSpoken = false }: Paper,
): string =>
  layOut(isSpoken ? inWords(blocks) : blocks, columns, { code: 'whole', glyphs: unicode ? 'unicode' : 'ascii' })
    .map((line) => `${color ? paint(line) : lineText(line)}\n`)
    .join('');
