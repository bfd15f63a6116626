// What leaves the process: nothing hostile in it, line ends as they are, documents as they are read back.

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, printableOutput, withoutHostile } from '../../src/words/printable.ts';
import { quoteShellWord } from '../../src/words/shell-line.ts';

test('line ends, tabs and what is written in any language stay', () => {
  const text = 'Größe\t1 µs\n日本語 🔥\n';
  expect(printableOutput(text)).toBe(text);
  expect(printableOutput(printable('\x1b[2J'))).toBe('\\x1b[2J');
});

test('controls of both kinds, what is invisible and what turns text around become escapes', () => {
  expect(printableOutput('\x1b[2J\x9b\x7f\r\u202e\u200b\u{e0041}')).toBe(
    '\\u001b[2J\\u009b\\u007f\\u000d\\u202e\\u200b\\udb40\\udc41',
  );
  expect(withoutHostile('a\x1b[2J\u202eb')).toBe('a[2Jb');
});

test('a document is read back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      expect(JSON.parse(printableOutput(JSON.stringify({ value })))).toEqual({ value });
    }),
  );
});

test('a word for the shell can be shown, and is read as it was', () => {
  const words = ["it's", 'a\x1b[2J%d\\n\'"$x`', 'é\u202e\n\n', '\x7f', 'plain'];
  for (const word of words) {
    const quoted = quoteShellWord(word);
    expect(printableOutput(quoted)).toBe(quoted);
    expect(execFileSync('sh', ['-c', `printf %s ${quoted}`], { encoding: 'utf8' })).toBe(word);
  }
});
