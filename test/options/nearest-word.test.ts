import { expect, test } from 'vitest';
import { nearestWord } from '../../src/options/nearest-word.ts';

const words = ['check', 'trace', 'logs', 'fix', 'undo', 'practice'];

test.each([
  ['chekc', 'check'],
  ['cheeck', 'check'],
  ['chck', 'check'],
  ['log', 'logs'],
  ['practise', 'practice'],
  ['fic', 'fix'],
])('%s means %s', (word, meant) => {
  expect(nearestWord(word, words)).toBe(meant);
});

test.each(['x', 'status', '', 'fi-all'])('%j is near to none', (word) => {
  expect(nearestWord(word, words)).toBeNull();
});
