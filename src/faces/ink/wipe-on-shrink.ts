// A terminal that becomes smaller wraps the lines that stand on it anew; Ink then erases as many as it drew, which is too few.

/** What is needed of a terminal to write to. */
export type Screen = {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
  prependListener(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
};

/** Erase in Display (all of it), Cursor Position (ECMA-48). */
const WIPE = '\x1b[2J\x1b[H';

/** Wipes the screen whenever it becomes narrower or lower, before Ink draws on it again; returns what ends that. Call it before Ink's render. */
export const wipeOnShrink = (screen: Screen): (() => void) => {
  let { columns, rows } = screen;
  const resized = () => {
    if (screen.columns < columns || screen.rows < rows) screen.write(WIPE);
    ({ columns, rows } = screen);
  };
  screen.prependListener('resize', resized);
  return () => {
    screen.off('resize', resized);
  };
};
