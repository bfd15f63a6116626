// Blocks as Markdown: what a page says, for a ticket. Nothing from outside can become markup.
import { fold } from '../words/lay-out.ts';
import { drawWay } from '../words/packet-way.ts';
import { type Block, plainText, type Rich, type RuleRow } from '../words/page.ts';
import { printable } from '../words/printable.ts';

/** Running text with every character that Markdown or HTML could take for markup escaped. */
export const escapeMarkdown = (text: string): string =>
  printable(text).replace(/[\\`*_[\]#|~<>&]/g, (character) =>
    character === '<' ? '&lt;' : character === '>' ? '&gt;' : character === '&' ? '&amp;' : `\\${character}`,
  );

const toned = (rich: Rich): string =>
  typeof rich === 'string'
    ? escapeMarkdown(rich)
    : rich
        .map((part) => {
          if (typeof part === 'string') return escapeMarkdown(part);
          const escaped = escapeMarkdown(part.text);
          const isBold = ['strong', 'bad', 'good', 'mark'].includes(part.tone) && part.text.trim() === part.text;
          return isBold && part.text !== '' ? `**${escaped}**` : escaped;
        })
        .join('');

/** Lines in a code fence that is longer than any run of backticks within. */
export const fenced = (lines: readonly string[]): string => {
  const body = lines.map(printable).join('\n');
  const longest = Math.max(2, ...(body.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${body}\n${fence}`;
};

const ruleLine = ({ sign, number, text, note }: RuleRow): string =>
  `${sign} ${number.padStart(3)}  ${plainText(text)}${note === undefined ? '' : `   <- ${note}`}`;

const toMarkdown = (block: Block): string => {
  switch (block.kind) {
    case 'text':
      return toned(block.text);
    case 'list':
      return block.items.map((item) => `- ${toned(item)}`).join('\n');
    case 'facts':
      return block.rows.map(([label, value]) => `- ${escapeMarkdown(label)}: ${toned(value)}`).join('\n');
    case 'code':
      return fenced(block.lines.map(plainText));
    case 'rules':
      return fenced(fold(block.rows).map(ruleLine));
    case 'way':
      return fenced(drawWay(block, 100, 'ascii').map(plainText));
    case 'gap':
      return '';
  }
};

/** Blocks as Markdown paragraphs, lists and code. */
export const blocksToMarkdown = (blocks: readonly Block[]): string =>
  blocks
    .map(toMarkdown)
    .filter((part) => part !== '')
    .join('\n\n');
