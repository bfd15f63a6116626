import { expect, test } from 'vitest';
import { enumerateFew, nameNumbers } from '../../src/naming/numbers.ts';

test('of many things the first are named and the others counted', () => {
  expect(enumerateFew(['a', 'b', 'c'])).toBe('a, b and c');
  expect(enumerateFew(['a', 'b', 'c', 'd', 'e'])).toBe('a, b and 3 more');
});

test.each([
  [[3], '3'],
  [[3, 4], '3 and 4'],
  [[2, 3, 4, 5], '2 to 5'],
  [[1, 2, 3, 7, 9, 10], '1 to 3, 7, 9 and 10'],
])('numbers %j are named as %s', (numbers, named) => {
  expect(nameNumbers(numbers)).toBe(named);
});
