import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { printable } from '../../src/words/printable.ts';
import { textWidth } from '../../src/words/text-width.ts';

describe('the columns of a text', () => {
  it.each([
    ['rule 12', 7],
    ['Grüße', 5],
    ['Gru\u0308ße', 5],
    ['防火牆', 6],
    ['ﾊﾟ', 2],
    ['▁▃█', 3],
    ['🔥', 2],
    ['🇩🇪', 2],
  ])('are those that a terminal gives %s', (text, columns) => {
    expect(textWidth(text)).toBe(columns);
    expect(stringWidth(text)).toBe(columns);
  });

  it('are never fewer than the library of whole clusters counts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }).map(printable), (text) => {
        expect(textWidth(text)).toBeGreaterThanOrEqual(stringWidth(text));
      }),
      { numRuns: 1000 },
    );
  });
});
