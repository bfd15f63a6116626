import { expect, test } from 'vitest';
import { inWords } from '../../src/words/in-words.ts';
import { layOut, lineText } from '../../src/words/lay-out.ts';
import { type Block, span } from '../../src/words/page.ts';

const said = (...blocks: Block[]) => layOut(inWords(blocks), 200, { code: 'whole' }).map(lineText);

test('what is highlighted in a line is said below it, without carets', () => {
  expect(
    said({ kind: 'code', lines: [['IN= ', span('mark', 'OUT=lo'), ' SRC=::1 ', span('mark', 'DPT=25')]] }),
  ).toEqual(['  IN= OUT=lo SRC=::1 DPT=25', 'Highlighted: OUT=lo, DPT=25']);
});

test('the signs of a rule listing are words', () => {
  expect(
    said({
      kind: 'rules',
      rows: [
        { sign: ' ', number: '1', text: 'a', isFolded: true },
        { sign: ' ', number: '2', text: 'b', isFolded: true },
        { sign: 'x', number: '3', text: 'c', note: 'stops loopback' },
        { sign: '+', number: '4', text: 'd' },
        { sign: '>', number: '5', text: 'e' },
        { sign: '>', number: '', text: 'policy drop' },
      ],
    }),
  ).toEqual([
    '- (2 rules not shown)',
    '- stopping rule 3: c (stops loopback)',
    '- new rule 4: d',
    '- final rule 5: e',
    '- final policy: policy drop',
  ]);
});

test('columns are one line each, and the way is a sentence', () => {
  expect(
    said(
      { kind: 'facts', rows: [['OUT=lo', 'leaving by lo']] },
      {
        kind: 'way',
        stations: [
          { name: 'program', state: 'passed' },
          { name: 'OUTPUT', state: 'stopped' },
          { name: 'lo', state: 'not-reached' },
          { name: 'INPUT', state: 'not-reached' },
        ],
        stop: 'dropped here by rule 6',
      },
    ),
  ).toEqual([
    'OUT=lo: leaving by lo',
    'The way of the packet: program, then OUTPUT, dropped here by rule 6. Not reached: lo and INPUT.',
  ]);
});
