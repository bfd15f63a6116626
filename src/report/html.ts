// Blocks as HTML. Nothing from outside can become markup.
import { fold } from '../words/lay-out.ts';
import { drawWay } from '../words/packet-way.ts';
import type { Block, Rich, RuleRow, Tone } from '../words/page.ts';
import { printable } from '../words/printable.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in an element or in a quoted attribute. */
export const escapeHtml = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** The element of each tone; null: none. Never colour alone: what is bad or good says so in words too. */
const ELEMENTS: Record<Tone, readonly [open: string, close: string] | null> = {
  plain: null,
  dim: ['<span class="dim">', '</span>'],
  strong: ['<strong>', '</strong>'],
  good: ['<span class="good">', '</span>'],
  bad: ['<span class="bad">', '</span>'],
  warn: ['<span class="warn">', '</span>'],
  accent: ['<strong>', '</strong>'],
  mark: ['<mark>', '</mark>'],
};

const toHtml = (rich: Rich): string =>
  (typeof rich === 'string' ? [rich] : rich)
    .map((part) => {
      if (typeof part === 'string') return escapeHtml(part);
      const element = ELEMENTS[part.tone];
      return element === null ? escapeHtml(part.text) : `${element[0]}${escapeHtml(part.text)}${element[1]}`;
    })
    .join('');

const ruleLine = ({ sign, number, text, note }: RuleRow): string =>
  `${escapeHtml(sign)} ${escapeHtml(number.padStart(3))}  ${toHtml(text)}${note === undefined ? '' : `   &lt;- ${escapeHtml(note)}`}`;

const blockToHtml = (block: Block): string => {
  switch (block.kind) {
    case 'text':
      return `<p>${toHtml(block.text)}</p>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${toHtml(item)}</li>\n`).join('')}</ul>`;
    case 'facts':
      return `<dl>\n${block.rows.map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${toHtml(value)}</dd>\n`).join('')}</dl>`;
    case 'code':
      return `<pre>${block.lines.map(toHtml).join('\n')}</pre>`;
    case 'rules':
      return `<pre>${fold(block.rows).map(ruleLine).join('\n')}</pre>`;
    case 'way':
      return `<pre>${drawWay(block, 100, 'unicode').map(toHtml).join('\n')}</pre>`;
    case 'gap':
      return '';
  }
};

/** Blocks as paragraphs, lists and preformatted text. */
export const blocksToHtml = (blocks: readonly Block[]): string =>
  blocks
    .map(blockToHtml)
    .filter((part) => part !== '')
    .join('\n');
