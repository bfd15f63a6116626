// What must be there is there, or it is said what was asked for.
import { expect, test } from 'vitest';
import { at } from '../src/at.ts';

test('an item of a list, or a byte, also where it is empty', () => {
  expect(at(['a', ''], 1)).toBe('');
  expect(at(new Uint8Array([0, 7]), 0)).toBe(0);
});

test('out of range it throws', () => {
  expect(() => at(['a'], 1)).toThrow('no item at 1 of 1');
  expect(() => at([], -1)).toThrow(RangeError);
});
