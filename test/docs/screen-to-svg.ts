// A frame that Ink has drawn as an SVG picture: lines of text, and the colours and weights that they were written in.

const CELL = { width: 8.43, height: 19, size: 14 } as const;
const EDGE = 16;
const [PAPER, INK] = ['#16191d', '#d7dae0'];

/** The sixteen colours of a terminal, readable on a dark ground. */
const COLORS = [
  ...['#3b4048', '#ff7b72', '#7ee787', '#e3b341', '#79c0ff', '#d2a8ff', '#76e3ea', '#d7dae0'],
  ...['#8b949e', '#ffa198', '#aff5b4', '#f2cc60', '#a5d6ff', '#e2c5ff', '#b3f0ff', '#ffffff'],
];

const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

type Look = {
  readonly color: string;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isUnderlined: boolean;
};

const PLAIN: Look = { color: INK, isBold: false, isDim: false, isUnderlined: false };

/** A look after one more code of `ESC [ … m` (ECMA-48, SGR). Any other is a defect: Ink would draw something that the picture lacks. */
const withCode = (look: Look, code: number): Look => {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...look, isBold: true };
  if (code === 2) return { ...look, isDim: true };
  if (code === 4) return { ...look, isUnderlined: true };
  if (code === 22) return { ...look, isBold: false, isDim: false };
  if (code === 24) return { ...look, isUnderlined: false };
  if (code === 39) return { ...look, color: INK };
  const color = code >= 90 ? COLORS[code - 82] : COLORS[code - 30];
  if (color === undefined) throw new Error(`no look for ${code}`);
  return { ...look, color };
};

type Run = { readonly column: number; readonly text: string; readonly look: Look };

/** The runs of a line; its first look is that in which the line before has ended. */
const readLine = (line: string, before: Look): { readonly runs: readonly Run[]; readonly look: Look } => {
  const runs: Run[] = [];
  let [look, column] = [before, 0];
  for (const [, codes, text] of line.matchAll(/\x1b\[([\d;]*)m|([^\x1b]+)/g)) {
    if (text === undefined) look = (codes ?? '').split(';').map(Number).reduce(withCode, look);
    else {
      runs.push({ column, text, look });
      column += text.length;
    }
  }
  return { runs: runs.filter(({ text }) => text.trim() !== ''), look };
};

const tellRun = ({ column, text, look }: Run, row: number): string => {
  const start = text.length - text.trimStart().length;
  const said = text.trim();
  const style = [
    `fill="${look.color}"`,
    ...(look.isBold ? ['font-weight="700"'] : []),
    ...(look.isDim ? ['opacity="0.65"'] : []),
    ...(look.isUnderlined ? ['text-decoration="underline"'] : []),
  ].join(' ');
  const [x, y] = [EDGE + (column + start) * CELL.width, EDGE + (row + 0.75) * CELL.height];
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" textLength="${(said.length * CELL.width).toFixed(1)}" ${style}>${escapeXml(said)}</text>`;
};

/** The frame as a picture, so many columns wide. `title`: what it shows, in words. */
export const screenToSvg = (frame: string, columns: number, title: string): string => {
  let look = PLAIN;
  const lines = frame
    .trimEnd()
    .split('\n')
    .map((line) => {
      const read = readLine(line, look);
      look = read.look;
      return read.runs;
    });
  const [width, height] = [
    Math.ceil(columns * CELL.width + 2 * EDGE),
    Math.ceil(lines.length * CELL.height + 2 * EDGE),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="${CELL.size}" xml:space="preserve">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"/>`,
    ...lines.flatMap((runs, row) => runs.map((run) => tellRun(run, row))),
    '</svg>\n',
  ].join('\n');
};
