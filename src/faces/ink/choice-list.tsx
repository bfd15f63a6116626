// The choices of a page, one line each; Enter takes the one marked.
import { Box, type Key, Text, useInput, usePaste } from 'ink';
import { useRef, useState } from 'react';
import type { PageChoice } from '../../words/page.ts';
import { printable } from '../../words/printable.ts';

const Item = ({ isMarked, label }: { isMarked: boolean; label: string }) => (
  <Text {...(isMarked ? { color: 'cyan', bold: true } : {})}>{`${isMarked ? '> ' : '  '}${printable(label)}`}</Text>
);

/** One key press as the list understands it. */
type Stroke = 'up' | 'down' | 'enter' | number;

const STROKES: Readonly<Record<string, Stroke>> = { j: 'down', k: 'up', '\r': 'enter', '\n': 'enter' };

const strokeOf = (character: string): Stroke | null =>
  /^[1-9]$/.test(character) ? Number(character) - 1 : (STROKES[character] ?? null);

/** The strokes of one piece of input: characters that were typed quickly come together. Anything else in it makes it no answer. */
const readStrokes = (input: string, key: Key): Stroke[] => {
  if (key.downArrow) return ['down'];
  if (key.upArrow) return ['up'];
  if (key.return) return ['enter'];
  const strokes = [...input].map(strokeOf);
  return strokes.every((stroke) => stroke !== null) ? strokes : [];
};

/** What ChoiceList needs: `initial` is the index of the choice marked at first, null for none: Enter does nothing then. */
export type ChoiceListProps<Event> = {
  choices: readonly PageChoice<Event>[];
  initial: number | null;
  onChoose: (event: Event) => void;
};

/**
 * A list of choices, answered by arrows or j/k and Enter, or by number. Several keys that arrive in one piece (a slow line) each count from
 * where the one before left the mark.
 */
export const ChoiceList = <Event,>({ choices, initial, onChoose }: ChoiceListProps<Event>) => {
  const mark = useRef(initial);
  const [drawn, setDrawn] = useState(initial);
  const choose = (index: number) => {
    const chosen = choices[index];
    if (chosen) onChoose(chosen.event);
  };
  const strike = (stroke: Stroke) => {
    if (stroke === 'enter') return mark.current === null ? undefined : choose(mark.current);
    if (typeof stroke === 'number') return choose(stroke);
    const from = mark.current ?? (stroke === 'down' ? -1 : 0);
    mark.current = (from + (stroke === 'down' ? 1 : choices.length - 1)) % choices.length;
    setDrawn(mark.current);
  };
  useInput((input, key) => {
    for (const stroke of readStrokes(input, key)) strike(stroke);
  });
  // Text pasted into the wrong window must not answer anything.
  usePaste(() => {});
  return (
    <Box flexDirection="column">
      {choices.map(({ label }, place) => (
        <Item key={label} isMarked={place === drawn} label={`${place + 1}. ${label}`} />
      ))}
    </Box>
  );
};
