// A line of text that is being typed: what each key makes of it, and of the lines typed before. Pure.
import type { Key } from 'ink';
import { withoutHostile } from '../../words/printable.ts';

/** A line with its cursor, counted in characters from 0. `earlier`: lines sent before, the latest last; `place` is the one shown, its length the new line. */
export type LineEdit = {
  readonly text: string;
  readonly cursor: number;
  readonly earlier: readonly string[];
  readonly place: number;
  /** The new line, while an earlier one is shown. */
  readonly unsent: string;
};

/** A line that begins with a draft, with the cursor at its end. */
export const beginLine = (text: string, earlier: readonly string[]): LineEdit => ({
  text,
  cursor: text.length,
  earlier,
  place: earlier.length,
  unsent: text,
});

/** Puts text in at the cursor; line ends become spaces, what nobody types is left out. */
export const insertText = (line: LineEdit, typed: string): LineEdit => {
  const clean = withoutHostile(typed.replace(/[\r\n]+/g, ' '));
  return {
    ...line,
    text: line.text.slice(0, line.cursor) + clean + line.text.slice(line.cursor),
    cursor: line.cursor + clean.length,
  };
};

/** The place of the character before or after the cursor: a character may be two code units. */
const before = ({ text, cursor }: LineEdit): number => {
  const last = [...text.slice(0, cursor)].at(-1);
  return last === undefined ? cursor : cursor - last.length;
};
const after = ({ text, cursor }: LineEdit): number => {
  const [next] = text.slice(cursor);
  return next === undefined ? cursor : cursor + next.length;
};

const remove = (line: LineEdit, from: number, to: number): LineEdit => ({
  ...line,
  text: line.text.slice(0, from) + line.text.slice(to),
  cursor: from,
});

const show = (line: LineEdit, place: number): LineEdit => {
  const within = Math.min(Math.max(0, place), line.earlier.length);
  const unsent = line.place === line.earlier.length ? line.text : line.unsent;
  const text = line.earlier[within] ?? unsent;
  return { ...line, unsent, place: within, text, cursor: text.length };
};

/** Keys with Ctrl, as readline has them. */
const WITH_CTRL: Readonly<Record<string, (line: LineEdit) => LineEdit>> = {
  a: (line) => ({ ...line, cursor: 0 }),
  e: (line) => ({ ...line, cursor: line.text.length }),
  u: (line) => remove(line, 0, line.cursor),
  k: (line) => ({ ...line, text: line.text.slice(0, line.cursor) }),
  w: (line) => remove(line, line.text.slice(0, line.cursor).replace(/\S+\s*$/, '').length, line.cursor),
};

/** The line after a key. Terminals send Delete for Backspace, so both take the character before the cursor away. */
export const editLine = (line: LineEdit, input: string, key: Key): LineEdit => {
  if (key.ctrl) return WITH_CTRL[input]?.(line) ?? line;
  if (key.leftArrow) return { ...line, cursor: before(line) };
  if (key.rightArrow) return { ...line, cursor: after(line) };
  if (key.home) return { ...line, cursor: 0 };
  if (key.end) return { ...line, cursor: line.text.length };
  if (key.upArrow) return show(line, line.place - 1);
  if (key.downArrow) return show(line, line.place + 1);
  if (key.backspace || key.delete) return remove(line, before(line), line.cursor);
  return key.meta || key.tab || key.escape || key.return || key.pageUp || key.pageDown ? line : insertText(line, input);
};
