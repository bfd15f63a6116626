// Lays blocks out as lines of a given width: the one place where text is wrapped, and where it is made safe to show.

import { count } from '../naming/numbers.ts';
import { drawWay, type Glyphs } from './packet-way.ts';
import type { Block, Rich, RuleRow, Span } from './page.ts';
import { printable } from './printable.ts';
import { textWidth } from './text-width.ts';

/** A line ready to be shown: its spans, together no wider than the width asked for. */
export type Line = readonly Span[];

const toSpans = (rich: Rich): Span[] =>
  (typeof rich === 'string' ? [rich] : rich).map((part) =>
    typeof part === 'string'
      ? { text: printable(part), tone: 'plain' }
      : { text: printable(part.text), tone: part.tone },
  );

const widthOf = (line: Line): number => line.reduce((sum, { text }) => sum + textWidth(text), 0);

/** Splits spans into pieces that may stand on a line of their own: words with the spaces behind them, or single characters. */
const toPieces = (spans: readonly Span[], pattern: RegExp): Span[] =>
  spans.flatMap(({ text, tone }) => (text.match(pattern) ?? []).map((piece) => ({ text: piece, tone })));

const WORD = /\S+\s*|\s+/gu;
const CHARACTER = /[\s\S]/gu;

const join = (pieces: readonly Span[]): Line => {
  const line: Span[] = [];
  for (const piece of pieces) {
    const last = line.at(-1);
    if (last?.tone === piece.tone) line[line.length - 1] = { tone: last.tone, text: last.text + piece.text };
    else line.push(piece);
  }
  const end = line.at(-1);
  // The space behind a line's last word would count as a column.
  if (end) line[line.length - 1] = { ...end, text: end.text.trimEnd() };
  return line;
};

/** Fills lines with pieces, those after the first narrower by `hang`; a piece wider than a line is broken into characters. */
const fill = (pieces: readonly Span[], width: number, hang = 0): Line[] => {
  const lines: Span[][] = [[]];
  let used = 0;
  for (const piece of pieces) {
    const needed = textWidth(piece.text.trimEnd());
    if (needed > width - hang && piece.text.length > 1) {
      const characters = toPieces([piece], CHARACTER);
      const isFirst = lines.length === 1 && used === 0;
      const rest = isFirst ? fill(characters, width, hang) : fill(characters, width - hang);
      if (used > 0) lines.push([]);
      lines.splice(-1, 1, ...rest.map((line) => [...line]));
      used = widthOf(rest.at(-1) ?? []);
      continue;
    }
    if (used + needed > (lines.length === 1 ? width : width - hang) && used > 0) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)?.push(piece);
    used += textWidth(piece.text);
  }
  return lines.map(join);
};

const wrapWords = (rich: Rich, width: number, hang = 0): Line[] => fill(toPieces(toSpans(rich), WORD), width, hang);

const blank = (width: number): Span => ({ text: ' '.repeat(Math.max(0, width)), tone: 'plain' });

/** Puts `first` before the first line and blanks before the others. */
const indent = (first: Span, lines: readonly Line[]): Line[] =>
  lines.map((line, index) => [index === 0 ? first : blank(textWidth(first.text)), ...line]);

/** Under a line with marked spans: a line of carets, so that the marks are seen without colour. */
const withCarets = (line: Line): Line[] => {
  if (!line.some(({ tone }) => tone === 'mark')) return [line];
  const carets = line.map(({ text, tone }) => {
    const marked = tone === 'mark' ? textWidth(text.trimEnd()) : 0;
    return '^'.repeat(marked) + ' '.repeat(textWidth(text) - marked);
  });
  return [line, [{ text: carets.join('').trimEnd(), tone: 'mark' }]];
};

/** Labels up to this width share a column; a longer one stands above its value. */
const WIDEST_LABEL = 36;

const layOutFacts = (rows: readonly (readonly [string, Rich])[], width: number): Line[] => {
  const limit = Math.min(WIDEST_LABEL, Math.floor(width / 2));
  const labels = rows.map(([label]) => textWidth(printable(label)));
  const column = Math.max(2, ...labels.filter((label) => label <= limit));
  return rows.flatMap(([name, value]): Line[] => {
    const label = { text: printable(name), tone: 'dim' } as const;
    const used = textWidth(label.text);
    const lines = wrapWords(value, width - column - 2);
    if (used > limit) return [...wrapWords([label], width), ...indent(blank(column + 2), lines)];
    return indent({ ...label, text: `${label.text}${' '.repeat(column + 2 - used)}` }, lines);
  });
};

const SIGN_TONES = { ' ': 'plain', '>': 'strong', '+': 'good', '-': 'warn', x: 'bad' } as const;

/** Each run of folded rows as one that counts them. */
export const fold = (rows: readonly RuleRow[]): RuleRow[] =>
  rows.flatMap((row, index): RuleRow[] => {
    if (!row.isFolded) return [row];
    if (rows[index - 1]?.isFolded) return [];
    const end = rows.findIndex(({ isFolded }, place) => place > index && !isFolded);
    const hidden = (end < 0 ? rows.length : end) - index;
    return [{ sign: ' ', number: '', text: [{ text: `(${count(hidden, 'rule')} not shown)`, tone: 'dim' }] }];
  });

const layOutRules = (rows: readonly RuleRow[], width: number): Line[] => {
  const column = Math.max(...rows.map(({ number }) => number.length));
  return fold(rows).flatMap(({ sign, number, text, note }) => {
    const tone = SIGN_TONES[sign];
    const toned = toSpans(text).map((part) => (part.tone === 'plain' ? { ...part, tone } : part));
    const told: Span[] =
      note === undefined
        ? []
        : [
            { text: '  ', tone: 'plain' },
            { text: `<- ${printable(note)}`, tone },
          ];
    return indent(
      { text: ` ${sign} ${number.padStart(column)}  `, tone },
      wrapWords([...toned, ...told], width - column - 5),
    );
  });
};

/** A verbatim line. What does not fit goes on further in, so that the start of the next one is seen. */
const layOutCode = (line: Rich, width: number): Line[] => {
  const spans = toSpans(line);
  const hang = 2 + (/^ {0,4}/.exec(lineText(spans))?.[0].length ?? 0);
  const [first = [], ...rest] = wrapWords(spans, width - 2, hang);
  return [...indent(blank(2), [first]), ...rest.map((one): Line => [blank(2 + hang), ...one])];
};

/** Whole, as it can be pasted into a shell: the terminal breaks the line where it must. Marked ones need their carets below. */
const layOutWhole = (line: Rich, width: number): Line[] => {
  const spans = toSpans(line);
  return spans.some(({ tone }) => tone === 'mark') ? layOutCode(line, width) : [[blank(2), ...spans]];
};

const layOutBlock = (block: Block, width: number, { code = 'wrapped', glyphs = 'ascii' }: Manner): Line[] => {
  switch (block.kind) {
    case 'text':
      return wrapWords(block.text, width);
    case 'list':
      return block.items.flatMap((item) => indent({ text: ' * ', tone: 'dim' }, wrapWords(item, width - 3)));
    case 'facts':
      return block.rows.length === 0 ? [] : layOutFacts(block.rows, width);
    case 'code':
      return block.lines.flatMap((line) =>
        (code === 'whole' ? layOutWhole(line, width) : layOutCode(line, width)).flatMap(withCarets),
      );
    case 'rules':
      return block.rows.length === 0 ? [] : layOutRules(block.rows, width);
    case 'way':
      return drawWay(block, width, glyphs);
    case 'gap':
      return [[]];
  }
};

/**
 * `code`: whether verbatim lines are wrapped, as a screen needs it, or `whole`, as what is printed line by line can have them.
 * `glyphs`: what drawings are made of.
 */
export type Manner = { readonly code?: 'wrapped' | 'whole'; readonly glyphs?: Glyphs };

/** Lays blocks out in `width` columns (at least 20). Every span is printable: hostile characters are escaped here. */
export const layOut = (blocks: readonly Block[], width: number, manner: Manner = {}): Line[] =>
  blocks.flatMap((block) => layOutBlock(block, Math.max(20, width), manner));

/** A line as bare text. */
export const lineText = (line: Line): string =>
  line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
