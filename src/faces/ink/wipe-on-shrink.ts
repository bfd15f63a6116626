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

/**
 * Wipes the screen whenever it becomes narrower or lower, and has it drawn in its new size at once: Ink would first draw what it knows, in the
 * old height, and leave some of that standing. Returns what ends it.
 */
export const wipeOnShrink = (screen: Screen, redraw: () => void): (() => void) => {
  let { columns, rows } = screen;
  const resized = () => {
    const isSmaller = screen.columns < columns || screen.rows < rows;
    ({ columns, rows } = screen);
    if (!isSmaller) return;
    screen.write(WIPE);
    redraw();
  };
  screen.prependListener('resize', resized);
  return () => {
    screen.off('resize', resized);
  };
};
