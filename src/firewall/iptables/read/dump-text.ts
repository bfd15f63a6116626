// The text of a dump, with its lines by number.
import { at } from '../../../at.ts';

/** A text whose lines are looked up only when somebody asks for a line. */
export class DumpText {
  readonly text: string;
  private starts: number[] | null = null;

  constructor(text: string) {
    this.text = text.includes('\r') ? text.replaceAll('\r\n', '\n') : text;
  }

  /** The number from 1 of the line that holds the offset. */
  lineAt(offset: number): number {
    const starts = this.lineStarts();
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at(starts, middle) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The line with that number from 1, without its end. */
  lineText(number: number): string {
    const starts = this.lineStarts();
    const next = starts[number];
    return this.text.slice(starts[number - 1], next === undefined ? undefined : next - 1);
  }

  private lineStarts(): readonly number[] {
    if (this.starts) return this.starts;
    const { text } = this;
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.starts = starts;
    return starts;
  }
}
