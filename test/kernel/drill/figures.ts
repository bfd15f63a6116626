// What a drill counts: how often it was run, and how often something happened that never may.

/** One part of the drill. All but `runs` and `reached` have to be 0; `notes` tell of each what it was. */
export type Figures = {
  readonly part: string;
  /** How often it was done, and how often what was to be disturbed was met. */
  runs: number;
  reached: number;
  /** Rules, files, processes of a case that nobody keeps. */
  leftOvers: number;
  /** In force and not saved, saved and not in force, one family only, and no later start tells so. */
  halfDone: number;
  foreignLost: number;
  rawBytes: number;
  /** Programs or scripts of another user that were run as root. */
  othersRun: number;
  readonly notes: string[];
};

export const newFigures = (part: string): Figures => ({
  part,
  runs: 0,
  reached: 0,
  leftOvers: 0,
  halfDone: 0,
  foreignLost: 0,
  rawBytes: 0,
  othersRun: 0,
  notes: [],
});

const COLUMNS = [
  ['part', (one) => one.part],
  ['runs', (one) => `${one.runs}`],
  ['disturbed', (one) => `${one.reached}`],
  ['left-overs', (one) => `${one.leftOvers}`],
  ['half-done, untold', (one) => `${one.halfDone}`],
  ['foreign rules lost', (one) => `${one.foreignLost}`],
  ['raw control bytes', (one) => `${one.rawBytes}`],
  ["others' programs run", (one) => `${one.othersRun}`],
] as const satisfies readonly (readonly [string, (one: Figures) => string])[];

/** The table in Markdown. */
export function printTable(all: readonly Figures[]): string {
  const rows = [COLUMNS.map(([name]) => name), ...all.map((one) => COLUMNS.map(([, tell]) => tell(one)))];
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return lines.join('\n');
}

/** How many things happened that never may. */
export const countBad = ({ leftOvers, halfDone, foreignLost, rawBytes, othersRun }: Figures): number =>
  leftOvers + halfDone + foreignLost + rawBytes + othersRun;

/** Does the tasks, so many at a time. */
export async function inParallel<T>(tasks: readonly T[], most: number, act: (task: T) => Promise<void>): Promise<void> {
  const waiting = [...tasks];
  const work = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await act(task);
  };
  await Promise.all(Array.from({ length: most }, work));
}
