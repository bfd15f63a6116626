// What of a page holds a text: rules, entries and sentences, each whole.
import { type Block, plainText } from './page.ts';

const keep = (block: Block, holds: (...parts: readonly string[]) => boolean): Block[] => {
  switch (block.kind) {
    case 'text':
      return holds(plainText(block.text)) ? [block] : [];
    case 'list': {
      const items = block.items.filter((item) => holds(plainText(item)));
      return items.length === 0 ? [] : [{ ...block, items }];
    }
    case 'facts': {
      const rows = block.rows.filter(([label, value]) => holds(label, plainText(value)));
      return rows.length === 0 ? [] : [{ ...block, rows }];
    }
    case 'code': {
      const lines = block.lines.filter((line) => holds(plainText(line)));
      return lines.length === 0 ? [] : [{ ...block, lines }];
    }
    case 'rules': {
      const rows = block.rows
        .filter(({ number, text, note = '' }) => holds(number, plainText(text), note))
        .map((row) => ({ ...row, isFolded: false }));
      return rows.length === 0 ? [] : [{ ...block, rows }];
    }
    case 'way':
    case 'gap':
      return [];
  }
};

const sizeOf = (block: Block): number => {
  switch (block.kind) {
    case 'text':
      return 1;
    case 'list':
      return block.items.length;
    case 'code':
      return block.lines.length;
    case 'facts':
    case 'rules':
      return block.rows.length;
    case 'way':
    case 'gap':
      return 0;
  }
};

/** The parts of blocks that hold the text, whatever its case, folded rules among them, and how many there are. */
export const findInBlocks = (blocks: readonly Block[], wanted: string): { found: Block[]; count: number } => {
  const needle = wanted.toLowerCase();
  const found = blocks.flatMap((block) =>
    keep(block, (...parts) => parts.some((part) => part.toLowerCase().includes(needle))),
  );
  return { found, count: found.reduce((sum, block) => sum + sizeOf(block), 0) };
};
