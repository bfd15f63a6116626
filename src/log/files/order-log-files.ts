// Rotated logs in the order in which they were written.

/** What logrotate adds: `.2`, `.2.gz`, `-20260620`, `-20260620.xz`, `-2026062013`, `.2026-06-20`. */
const ROTATED = /^(.*?)(?:\.(\d{1,4})|[-.](\d{4}-?\d{2}-?\d{2}[-_\d]*))?(?:\.(?:gz|xz|zst|bz2))?$/s;

type Rotation = { path: string; base: string; date: string; number: number };

/** Oldest first within a set (`messages-20260614.gz`, `syslog.2.gz`, `syslog.1`, `syslog`); sets as they were named. */
export function orderLogFiles(paths: readonly string[]): string[] {
  const files = paths.map(parseRotation);
  const bases = [...new Set(files.map(({ base }) => base))];
  return files
    .sort((a, b) => bases.indexOf(a.base) - bases.indexOf(b.base) || compareDates(a, b) || b.number - a.number)
    .map(({ path }) => path);
}

function parseRotation(path: string): Rotation {
  const [, base = path, number = '0', date = ''] = ROTATED.exec(path) ?? [];
  return { path, base, number: Number(number), date: date.replace(/[-_]/g, '') };
}

/** Files with a date are older than those without. */
function compareDates(a: Rotation, b: Rotation): number {
  if (a.date === b.date) return 0;
  if (a.date === '' || b.date === '') return a.date === '' ? 1 : -1;
  return a.date < b.date ? -1 : 1;
}
