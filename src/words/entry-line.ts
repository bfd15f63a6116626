// A log line with what matters in it marked: OUT=lo, SRC, DST and DPT.
import { createSightingCounter, type Sighting } from '../log/count-sightings.ts';
import type { EntryLine, SpanName } from '../log/entry.ts';
import { type Span, span } from './page.ts';

/** The fields that tell a loopback drop; on a reply the service's port is SPT. */
const MARKED: readonly SpanName[] = ['out', 'src', 'dst', 'dpt'];

/** The entries' lines, each packet once, however many logs it was seen in. */
export const distinctLines = (entries: readonly Sighting[]): EntryLine[] => {
  const countNew = createSightingCounter();
  return entries.filter((sighting) => countNew(sighting) > 0).map(({ line }) => line);
};

/** The raw line as it stands in the log, in spans; the fields that matter have the tone `mark`. */
export const markEntry = ({ text, entry }: EntryLine): Span[] => {
  const names = entry.direction === 'reply' ? [...MARKED, 'spt' as const] : MARKED;
  const marks = names
    .map((name) => entry.spans[name])
    .filter((place) => place !== undefined)
    .sort((a, b) => a.start - b.start);
  const spans: Span[] = [];
  let done = 0;
  for (const { start, end } of marks) {
    spans.push(span('plain', text.slice(done, start)), span('mark', text.slice(start, end)));
    done = end;
  }
  return [...spans, span('plain', text.slice(done))].filter((part) => part.text !== '');
};
