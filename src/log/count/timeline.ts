// Counts over time in a fixed number of buckets whose width grows with the time they have to cover.

/** Buckets of each series. */
export const BUCKETS = 48;
const NARROWEST = 1000;

/** The window that all series of a summary share. Bucket n covers `width` ms from `(base + n) * width`. */
export type Timeline = { width: number; base: number; used: number; series: Uint32Array[] };

/** An empty timeline. */
export const createTimeline = (): Timeline => ({ width: NARROWEST, base: 0, used: 0, series: [] });

/** A new series of counts, all 0. */
export function addSeries(timeline: Timeline): Uint32Array {
  const series = new Uint32Array(BUCKETS);
  timeline.series.push(series);
  return series;
}

/** Adds `count` at a time (ms) to a series of this timeline. */
export function addCount(timeline: Timeline, series: Uint32Array, time: number, count: number): void {
  let bucket = Math.floor(time / timeline.width) - timeline.base;
  if (timeline.used === 0 || bucket < 0 || bucket >= BUCKETS) {
    makeRoom(timeline, time);
    bucket = Math.floor(time / timeline.width) - timeline.base;
  }
  if (bucket >= timeline.used) timeline.used = bucket + 1;
  series[bucket] = (series[bucket] ?? 0) + count;
}

/** Widens the buckets until the time fits in, or moves the window; both happen a few times in a log, if at all. */
function makeRoom(timeline: Timeline, time: number): void {
  if (timeline.used === 0) {
    timeline.base = Math.floor(time / timeline.width);
    timeline.used = 1;
    return;
  }
  const oldWidth = timeline.width;
  const oldBase = timeline.base;
  const last = (oldBase + timeline.used - 1) * oldWidth;
  const [from, to] = [Math.min(time, oldBase * oldWidth), Math.max(time, last)];
  let width = oldWidth;
  while (Math.floor(to / width) - Math.floor(from / width) >= BUCKETS) width *= 2;
  // A time before the window takes all free buckets along, so that a log in reverse does not move it line by line.
  const base = time < oldBase * oldWidth ? Math.floor(to / width) - BUCKETS + 1 : Math.floor(from / width);
  const bucketOf = (old: number): number => Math.floor(((oldBase + old) * oldWidth) / width) - base;
  for (const series of timeline.series) {
    const counts = series.slice();
    series.fill(0);
    counts.forEach((count, old) => {
      if (count > 0) series[bucketOf(old)] = (series[bucketOf(old)] ?? 0) + count;
    });
  }
  Object.assign(timeline, { width, base, used: Math.floor(to / width) - base + 1 });
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_BARS = ['.', ':', '-', '=', '+', '*', '#', '@'];

/** A series as a sparkline of at most `columns` characters over the whole timeline; a space where there was nothing. */
export function sparkline({ used }: Timeline, series: Uint32Array, { columns = BUCKETS, ascii = false } = {}): string {
  const step = Math.max(1, Math.ceil(used / columns));
  const sums = Array.from({ length: Math.ceil(used / step) }, (_, i) =>
    series.subarray(i * step, Math.min((i + 1) * step, used)).reduce((sum, count) => sum + count, 0),
  );
  const most = Math.max(1, ...sums);
  const bars = ascii ? ASCII_BARS : BARS;
  return sums.map((sum) => (sum === 0 ? ' ' : bars[Math.ceil((sum / most) * bars.length) - 1])).join('');
}
