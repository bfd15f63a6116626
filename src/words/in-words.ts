// Pages for listeners: what a drawing, a sign or a place on the screen tells is said in words.
import { enumerate } from '../naming/numbers.ts';
import { fold } from './lay-out.ts';
import { type Block, plainText, type Rich, type RuleRow, type Span, text } from './page.ts';

const spansOf = (rich: Rich): Span[] =>
  (typeof rich === 'string' ? [rich] : rich).map((part) =>
    typeof part === 'string' ? { text: part, tone: 'plain' } : part,
  );

const SIGNS: Record<RuleRow['sign'], string> = { ' ': '', '>': 'final ', '+': 'new ', '-': 'removed ', x: 'stopping ' };

/** `final rule 6: -A OUTPUT -j DROP (final rule: drops the rest)`. */
const sayRule = ({ sign, number, text: rule, note }: RuleRow): string => {
  const name = `${SIGNS[sign]}${number === '' ? (sign === ' ' ? '' : 'policy') : `rule ${number}`}`;
  return `${name === '' ? '' : `${name}: `}${plainText(rule)}${note === undefined ? '' : ` (${note})`}`;
};

const unmarked = (rich: Rich): Rich => spansOf(rich).map((part) => (part.tone === 'mark' ? part.text : part));

/** The lines whole, and below each what is highlighted in it. */
const sayCode = (lines: readonly Rich[]): Block[] =>
  lines.flatMap((line): Block[] => {
    const marks = spansOf(line).filter(({ tone }) => tone === 'mark');
    return [
      { kind: 'code', lines: [unmarked(line)] },
      ...(marks.length === 0 ? [] : [text(`Highlighted: ${marks.map((mark) => mark.text).join(', ')}`)]),
    ];
  });

const sayWay = ({ stations, stop }: Extract<Block, { kind: 'way' }>): Block => {
  const named = (state: string) => stations.filter((one) => one.state === state).map(({ name }) => name);
  const on = [...named('passed'), ...named('stopped')].join(', then ');
  return text(`The way of the packet: ${on}, ${stop}. Not reached: ${enumerate(named('not-reached'))}.`);
};

const say = (block: Block): Block[] => {
  switch (block.kind) {
    case 'code':
      return sayCode(block.lines);
    case 'facts':
      return block.rows.map(([label, value]) => text(`${label}: `, ...spansOf(value)));
    case 'rules':
      return fold(block.rows).map((row) => text('- ', sayRule(row)));
    case 'way':
      return [sayWay(block)];
    case 'list':
      return block.items.map((item) => text('- ', ...spansOf(item)));
    case 'text':
    case 'gap':
      return [block];
  }
};

/** Blocks that a screen reader reads out one after the other: no carets, no columns, no signs that stand for words. */
export const inWords = (blocks: readonly Block[]): Block[] => blocks.flatMap(say);
