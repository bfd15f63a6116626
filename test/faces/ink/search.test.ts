import { expect, test } from 'vitest';
import { type Search, searchAfter } from '../../../src/faces/ink/search.ts';

const KEYS = { input: '', isEscape: false, isReturn: false, erases: 0 };
const after = (search: Search | null, ...inputs: string[]): Search | null =>
  inputs.reduce<Search | null>((now, input) => {
    if (input === 'Esc') return searchAfter(now, { ...KEYS, isEscape: true });
    if (input === 'Enter') return searchAfter(now, { ...KEYS, isReturn: true });
    return searchAfter(now, input.startsWith('Backspace') ? { ...KEYS, erases: input.length / 9 } : { ...KEYS, input });
  }, search);

test('/ begins a search, and every other key is the page’s', () => {
  expect(after(null, 'q')).toBeNull();
  expect(after(null, '/')).toEqual({ wanted: '', isTyping: true });
});

test('digits and letters go into the text until Enter, and then are the page’s again', () => {
  expect(after(null, '/', '2', 'j', '5', 'Backspace')).toEqual({ wanted: '2j', isTyping: true });
  expect(after(null, '/', 'abc', 'BackspaceBackspace')).toEqual({ wanted: 'a', isTyping: true });
  const kept = after(null, '/', 'dport', 'Enter');
  expect(kept).toEqual({ wanted: 'dport', isTyping: false });
  expect(after(kept, 'j')).toBe(kept);
  expect(after(kept, '/', 's')).toEqual({ wanted: 'dports', isTyping: true });
});

test('Esc ends it, and so does an empty text', () => {
  expect(after(null, '/', 'a', 'Esc')).toBeNull();
  expect(after(null, '/', 'a', 'Enter', 'Esc')).toBeNull();
  expect(after(null, '/', 'Enter')).toBeNull();
});
