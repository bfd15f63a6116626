import { expect, test } from 'vitest';
import { clipboardSequence } from '../../../src/faces/ink/clipboard.ts';

test('a text is copied as OSC 52 in base64, so that nothing in it reaches the terminal itself', () => {
  expect(clipboardSequence('a\u001b]')).toBe(`\u001b]52;c;${Buffer.from('a\u001b]').toString('base64')}\u0007`);
});

test('what a terminal would cut is not offered to it', () => {
  expect(clipboardSequence('x'.repeat(56_244))).not.toBe(null);
  expect(clipboardSequence('x'.repeat(56_250))).toBe(null);
});
