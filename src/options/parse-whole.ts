// Whole numbers on the command line.

/** The number that a text of digits stands for; NaN where it is none, or not from `least` to `most`. */
export function parseWhole(text: string, least: number, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : Number.NaN;
}
