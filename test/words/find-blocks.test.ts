import { expect, test } from 'vitest';
import { findInBlocks } from '../../src/words/find-blocks.ts';
import { type Block, span, text } from '../../src/words/page.ts';

const blocks: Block[] = [
  text('Outbound policy, ', span('strong', 'OUTPUT'), ':'),
  {
    kind: 'rules',
    rows: [
      { sign: ' ', number: '1', text: '-A OUTPUT -p tcp --dport 25 -j ACCEPT', isFolded: true },
      { sign: ' ', number: '2', text: '-A OUTPUT -p udp --dport 53 -j ACCEPT', isFolded: true },
      { sign: '>', number: '3', text: '-A OUTPUT -j DROP', note: 'final rule' },
    ],
  },
  { kind: 'code', lines: [['IN= ', span('mark', 'OUT=lo'), ' DPT=25'], 'IN= OUT=lo DPT=53'] },
  { kind: 'facts', rows: [['DPT=25', 'SMTP']] },
];

test('folded rules are found too, and are shown unfolded', () => {
  const { found, count } = findInBlocks(blocks, 'dport 25');
  expect(count).toBe(1);
  expect(found).toEqual([{ kind: 'rules', rows: [expect.objectContaining({ number: '1', isFolded: false })] }]);
});

test('case does not matter, a note counts, and a field that is marked is found across its spans', () => {
  expect(findInBlocks(blocks, 'FINAL').count).toBe(1);
  expect(findInBlocks(blocks, 'in= out=lo dpt=25').count).toBe(1);
  expect(findInBlocks(blocks, 'dpt=25').count).toBe(2);
});

test('what is not there is not found', () => {
  expect(findInBlocks(blocks, 'sctp')).toEqual({ found: [], count: 0 });
});
