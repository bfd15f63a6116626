// A log line with what matters in it marked: OUT=lo, SRC, DST and DPT.
import { createSightingCounter, type Sighting } from '../log/conversations/count-sightings.ts';
import type { EntryLine, SpanName } from '../log/packet/entry.ts';
import { type Span, span } from './page.ts';

/** The fields that tell a loopback drop; on a reply the service's port is SPT. */
const MARKED: readonly SpanName[] = ['src', 'dst', 'dpt'];

/** The entries' lines, each packet once, however many logs it was seen in. */
export const distinctLines = (entries: readonly Sighting[]): EntryLine[] => {
  const countNew = createSightingCounter();
  return entries.filter((sighting) => countNew(sighting) > 0).map(({ line }) => line);
};

/** Entries alike in all that `tellEntry` tells but the time, each kind where its latest one stands. */
export const countAlike = (lines: readonly EntryLine[]): { latest: EntryLine; count: number }[] => {
  const groups = new Map<string, { latest: EntryLine; count: number }>();
  for (const latest of lines) {
    const key = tellEntry({ ...latest, time: null })
      .map(({ text }) => text)
      .join('');
    const before = groups.get(key);
    // What is set anew stands at the end.
    groups.delete(key);
    groups.set(key, { latest, count: (before === undefined ? 0 : before.count) + 1 });
  }
  return [...groups.values()];
};

/** The raw line as it stands in the log, in spans; the fields that matter have the tone `mark`. */
export const markEntry = ({ text, entry }: EntryLine): Span[] => {
  const device: SpanName = entry.out === null ? 'in' : 'out';
  const names = [device, ...MARKED, ...(entry.direction === 'reply' ? ['spt' as const] : [])];
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

/** An entry in one short line, for a list that grows: `18:11:21  OUT=lo  127.0.0.1 -> 127.0.0.1  TCP DPT=21 ftp`. */
export const tellEntry = ({ time, entry }: EntryLine): Span[] => {
  const clock = time === null ? '' : `${new Date(time).toTimeString().slice(0, 8)}  `;
  const device = entry.out === null ? `IN=${entry.in ?? ''}` : `OUT=${entry.out}`;
  const port = tellPort(entry);
  const tone = entry.loopback ? 'strong' : 'dim';
  const role = entry.direction === 'reply' || entry.direction === 'error' ? ` (${entry.direction})` : '';
  const what = [entry.proto ?? 'no protocol', port, entry.service].filter((part) => part !== null).join(' ');
  const [from, to] = [entry.src, entry.dst].map((address) => address ?? '?');
  return [span('dim', clock), span(tone, `${device}  ${from} -> ${to}  ${what}${role}`)];
};

/** The service's port, where the packet has one: `DPT=25`, on a reply `SPT=25`. */
export const tellPort = ({ direction, spt, dpt }: EntryLine['entry']): string | null => {
  const [name, port] = direction === 'reply' ? ['SPT', spt] : ['DPT', dpt];
  return port === null ? null : `${name}=${port}`;
};
