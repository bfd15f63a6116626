// Why a dump could not be read: the file, the line, its text, and what was expected there.

/** A dump that can't be parsed. `line` counts from 1 (0: the file as a whole); the message holds everything for a person. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly expected: string;

  constructor(at: { file: string; line: number; text: string; expected: string }) {
    const place = at.line > 0 ? `${at.file}, line ${at.line}` : at.file;
    const shown = at.text.length > 200 ? `${at.text.slice(0, 200)}…` : at.text;
    super(`${place}: ${JSON.stringify(shown)}: expected ${at.expected}`);
    this.file = at.file;
    this.line = at.line;
    this.text = at.text;
    this.expected = at.expected;
  }
}
