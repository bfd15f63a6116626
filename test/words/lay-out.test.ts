import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { layOut, lineText } from '../../src/words/lay-out.ts';
import { gap, span, text } from '../../src/words/page.ts';

const lines = (...[blocks, width]: Parameters<typeof layOut>) => layOut(blocks, width).map(lineText);

test('text is wrapped at words', () => {
  expect(lines([text('the quick brown fox jumps over the lazy dog')], 20)).toEqual([
    'the quick brown fox',
    'jumps over the lazy',
    'dog',
  ]);
});

test('lists and facts hang under their first line', () => {
  expect(lines([{ kind: 'list', items: ['one two three four five six'] }], 20)).toEqual([
    ' * one two three',
    '   four five six',
  ]);
  expect(
    lines(
      [
        {
          kind: 'facts',
          rows: [
            ['OUT', 'the packet leaves by loopback'],
            ['DPT', '25'],
          ],
        },
      ],
      24,
    ),
  ).toEqual(['OUT  the packet leaves', '     by loopback', 'DPT  25']);
});

test('a label that would push its value aside stands above it', () => {
  const rows = [
    ['OUT', 'by loopback'],
    ['MAC=00:00:00:00:00:00', 'hardware addresses'],
  ] as const;
  expect(lines([{ kind: 'facts', rows }], 30)).toEqual([
    'OUT  by loopback',
    'MAC=00:00:00:00:00:00',
    '     hardware addresses',
  ]);
});

test('a verbatim line goes on further in than the next one starts', () => {
  const verbatim = ['nft -f -', '  insert rule inet fw out accept', 'iptables -A'];
  expect(lines([{ kind: 'code', lines: verbatim }], 26)).toEqual([
    '  nft -f -',
    '    insert rule inet fw',
    '      out accept',
    '  iptables -A',
  ]);
});

test('what is printed line by line has commands whole, to be pasted, and log lines above their carets', () => {
  const command = "iptables -A OUTPUT -o lo -m comment --comment 'lo-doctor c1: permit loopback' -j ACCEPT";
  const marked = ['IN= ', span('mark', 'OUT=lo'), ' SRC=127.0.0.1 DST=127.0.0.1'];
  expect(layOut([{ kind: 'code', lines: [command, marked] }], 30, { code: 'whole' }).map(lineText)).toEqual([
    `  ${command}`,
    '  IN= OUT=lo SRC=127.0.0.1',
    '      ^^^^^^',
    '    DST=127.0.0.1',
  ]);
});

test('marked spans carry carets below, on the line where they stand', () => {
  expect(lines([{ kind: 'code', lines: [['IN= ', span('mark', 'OUT=lo'), ' SRC=127.0.0.1']] }], 40)).toEqual([
    '  IN= OUT=lo SRC=127.0.0.1',
    '      ^^^^^^',
  ]);
  expect(lines([{ kind: 'code', lines: [['IN= OUT= ', 'aaaaaaaaaa ', span('mark', 'DPT=25')]] }], 22)).toEqual([
    '  IN= OUT= aaaaaaaaaa',
    '    DPT=25',
    '    ^^^^^^',
  ]);
});

test('rules show their sign, their number and their note', () => {
  expect(
    lines(
      [
        {
          kind: 'rules',
          rows: [
            { sign: ' ', number: '9', text: '-j LOG' },
            { sign: '>', number: '10', text: '-j DROP', note: 'final rule' },
          ],
        },
      ],
      40,
    ),
  ).toEqual(['    9  -j LOG', ' > 10  -j DROP  <- final rule']);
});

test('control, invisible and direction-changing characters are shown as escapes', () => {
  expect(lines([text('a\u001b[2Jb\u202ec\u200bd\re\tf')], 80)).toEqual(['a\\x1b[2Jb\\u{202e}c\\u{200b}d\\x0de f']);
});

test('no line is wider than asked for, and no visible character is lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 60 })),
      fc.integer({ min: 20, max: 100 }),
      (parts, width) => {
        const rows = parts.map((part) => [part, part] as const);
        const code = {
          kind: 'code',
          lines: [...parts, ...parts.map((part) => `${' '.repeat(part.length)}${part}`)],
        } as const;
        const laid = lines([text(...parts), gap, { kind: 'facts', rows }, { kind: 'list', items: parts }, code], width);
        for (const line of laid) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      },
    ),
  );
});
