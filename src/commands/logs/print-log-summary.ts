// The summary of `lo-doctor logs` as blocks: loopback first, then the rest, each conversation with its course over time.

import { findWellKnownService } from '../../log/conversations/services.ts';
import type { LogSummary } from '../../log/count/count-state.ts';
import type { LogGroup } from '../../log/count/log-groups.ts';
import { sparkline } from '../../log/count/timeline.ts';
import { findPrefixHint } from '../../log/packet/find-prefix-hint.ts';
import { type Block, gap, type Span, span, text } from '../../words/page.ts';

/** Conversations that are listed of each kind; the document has them all. */
const LISTED = 15;
const SPARK_COLUMNS = 24;

/** The blocks of a summary of the named logs; `since`: older entries are not in it. */
export function printLogSummary(
  summary: LogSummary,
  names: readonly string[],
  { unicode, since }: { unicode: boolean; since: number | null },
): Block[] {
  const groups = summary.groups.toSorted((a, b) => b.count - a.count);
  const [loopback, other] = [groups.filter((group) => group.loopback), groups.filter((group) => !group.loopback)];
  const shown = names.map((name) => (name === '-' ? 'standard input' : name)).join(', ');
  const after = since === null ? '' : `, since ${localTime(since)}`;
  const head = `${count(summary.entries, 'firewall entry', 'firewall entries')} in ${size(summary.bytes)} of ${shown}${after}`;
  return [
    text(span('strong', head)),
    ...(summary.first === null ? [] : [text(span('dim', period(summary.first, summary.last)))]),
    ...section('On loopback', loopback, summary, unicode),
    ...section('On other interfaces', other, summary, unicode),
    gap,
    text(adviceOf(summary, loopback, since)),
  ];
}

/** 1,234,567; loading the tables of toLocaleString takes longer than all the printing. */
const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
const count = (value: number, one: string, many: string): string => `${number(value)} ${value === 1 ? one : many}`;

const SIZES = ['bytes', 'kB', 'MB', 'GB', 'TB'];

function size(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${SIZES[power]}`;
}

function section(title: string, groups: readonly LogGroup[], summary: LogSummary, unicode: boolean): Block[] {
  if (groups.length === 0) return [];
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  const rest = groups.length - LISTED;
  return [
    gap,
    text(span('accent', `${title}: ${number(total)}`)),
    { kind: 'facts', rows: groups.slice(0, LISTED).flatMap((group) => groupRows(group, summary, unicode)) },
    ...(rest > 0
      ? [text(span('dim', `and ${count(rest, 'conversation', 'conversations')} more, all of them with --json`))]
      : []),
  ];
}

function groupRows(
  group: LogGroup,
  summary: LogSummary,
  unicode: boolean,
): (readonly [string, readonly (string | Span)[]])[] {
  const line = sparkline(summary.timeline, group.series, { columns: SPARK_COLUMNS, ascii: !unicode });
  const what = [
    span(toneOf(group), nameOf(group)),
    `  ${wayOf(group)}${group.prefix === null ? '' : `  "${group.prefix}"`}`,
  ];
  const when =
    group.first === null
      ? []
      : [['', [span('dim', `${line}  ${period(group.first, group.last)}${parts(group)}`)]] as const];
  return [[`${number(group.count).padStart(9)} x`, what] as const, ...when];
}

/** Red where the prefix says that it was stopped on lo, green where it says that it passed. */
function toneOf({ loopback, prefix }: LogGroup): Span['tone'] {
  const hint = findPrefixHint(prefix);
  if (hint === 'passed') return 'good';
  return loopback ? (hint === 'stopped' ? 'bad' : 'warn') : 'plain';
}

function nameOf({ proto, dst, port }: LogGroup): string {
  if (proto === null && dst === null) return 'all other conversations';
  const protocol = proto === null ? 'IP' : typeof proto === 'number' ? `protocol ${proto}` : proto;
  const place = `${protocol} to ${dst ?? 'a blanked address'}`;
  const label = port === null ? null : findWellKnownService(port)?.label;
  return port === null ? place : `${place} port ${port}${label ? ` (${label})` : ''}`;
}

const wayOf = (group: LogGroup): string =>
  [group.in === null ? '' : `IN=${group.in}`, group.out === null ? '' : `OUT=${group.out}`].filter(Boolean).join(' ');

function parts({ replies, errors }: LogGroup): string {
  const told = [replies > 0 ? `${number(replies)} of them replies` : '', errors > 0 ? `${number(errors)} errors` : ''];
  return told
    .filter(Boolean)
    .map((part) => `, ${part}`)
    .join('');
}

const localTime = (time: number): string => {
  const date = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
};

const period = (first: number, last: number | null): string =>
  last === null || last === first ? localTime(first) : `${localTime(first)} to ${localTime(last)}`;

function adviceOf({ entries }: LogSummary, loopback: readonly LogGroup[], since: number | null): string {
  if (entries === 0)
    return `No firewall entry${since === null ? '' : ' since then'}. Either nothing was dropped, or drops are not logged (lo-doctor check tells), or the lines of the kernel go to another file.`;
  if (loopback.length === 0)
    return 'Nothing was logged on loopback: if the firewall logs its drops, it does not drop loopback traffic.';
  const passed = loopback.every(({ prefix }) => findPrefixHint(prefix) === 'passed');
  if (passed)
    return 'The loopback entries are of packets that are watched or let through, by their prefix: no sign of a drop.';
  return 'Entries on loopback are drops if the rule that logs them drops: lo-doctor finds the rule and offers the fix.';
}
