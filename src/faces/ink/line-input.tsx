// A question answered by a line of text: typed, moved in, taken back from the lines before; what was typed outlives the page.
import { Box, Text, useInput, usePaste } from 'ink';
import { useRef, useState } from 'react';
import { printable } from '../../words/printable.ts';
import { beginLine, editLine, insertText, type LineEdit } from './edit-line.ts';
import { Toned } from './lines-view.tsx';

/** What was typed so far into a page, and the lines that were sent: kept by whoever shows the pages. */
export type Typed = { draft: string | null; sent: string[] };

/** `draft` stands there at first, where nothing was typed before. */
export type LineInputProps = { prompt: string; draft: string; typed: Typed; onSubmit: (text: string) => void };

const Cursor = ({ line: { text, cursor } }: { line: LineEdit }) => {
  const [under = ' '] = text.slice(cursor);
  return (
    <Text>
      {printable(text.slice(0, cursor))}
      <Text inverse>{printable(under)}</Text>
      {printable(text.slice(cursor + under.length))}
    </Text>
  );
};

/** A line to type. Up and Down show the lines that were sent before. */
export const LineInput = ({ prompt, draft, typed, onSubmit }: LineInputProps) => {
  // Keys that come in one piece are judged before the next drawing.
  const current = useRef(beginLine(typed.draft ?? draft, typed.sent));
  const [line, setLine] = useState(current.current);
  const set = (next: LineEdit) => {
    current.current = next;
    typed.draft = next.text;
    setLine(next);
  };
  const submit = () => {
    const { text } = current.current;
    if (text.trim() !== '' && typed.sent.at(-1) !== text) typed.sent.push(text);
    typed.draft = null;
    onSubmit(text);
  };
  useInput((input, key) => {
    if (key.return) return submit();
    // A line that came in one piece with its Enter.
    const end = input.search(/[\r\n]/);
    if (end >= 0) {
      set(insertText(current.current, input.slice(0, end)));
      return submit();
    }
    set(editLine(current.current, input, key));
  });
  // A pasted line is not sent before the user has seen it.
  usePaste((text) => set(insertText(current.current, text.trimEnd())));
  return (
    <Box marginTop={1}>
      <Toned tone="accent">{`${printable(prompt)} `}</Toned>
      <Cursor line={line} />
    </Box>
  );
};
