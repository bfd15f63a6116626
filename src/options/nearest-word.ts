// What was meant by a word that nobody knows.

/** More letters than these are no slip of the keyboard. */
const MOST_SLIPS = 2;

/** The word that takes the fewest slips (a letter too many, too few, another one, or two changed about); null where none is near. */
export function nearestWord(word: string, words: readonly string[]): string | null {
  const near = words.map((one) => ({ one, slips: countSlips(word, one) })).sort((a, b) => a.slips - b.slips);
  const [best] = near;
  return best !== undefined && best.slips <= Math.min(MOST_SLIPS, best.one.length / 2) ? best.one : null;
}

/** The optimal string alignment distance. */
function countSlips(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const slips = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row];
    rows.push(line);
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      line.push(
        Math.min(
          slips(row - 1, column) + 1,
          slips(row, column - 1) + 1,
          slips(row - 1, column - 1) + (isSame ? 0 : 1),
          row > 1 && column > 1 && isSwapped ? slips(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return slips(from.length, to.length);
}
