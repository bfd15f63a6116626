// The moment that --since names.

import { readIsoDate } from '../head/clock.ts';

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Milliseconds since 1970 of `2026-06-20`, `2026-06-20 18:11`, `2026-06-20T18:11:21+02:00` (local without a zone),
 * `18:11` (today), `2h`, `30 min ago`, `now`, `today`, `yesterday`; null for anything else.
 */
export function parseSince(text: string, now: Date): number | null {
  const word = text.trim().toLowerCase();
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  if (word === 'now') return now.getTime();
  if (word === 'today') return midnight.getTime();
  if (word === 'yesterday') return new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1).getTime();
  const ago = /^-?(\d{1,9}) ?(s|m|h|d|w)(?:ec|econd|in|inute|our|ay|eek)?s?(?: ago)?$/.exec(word);
  if (ago !== null) return now.getTime() - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0);
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(word);
  if (clock !== null) return midnight.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0));
  return parseDate(text.trim());
}

function parseDate(text: string): number | null {
  const [, day, time = '00:00', seconds = ':00', rest = ''] =
    /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(\S*))?$/.exec(text) ?? [];
  if (day === undefined) return null;
  const bytes = new TextEncoder().encode(`${day}T${time}${seconds}${rest}`);
  const stamp = readIsoDate(bytes, 0, bytes.length);
  return stamp !== null && stamp.end === bytes.length ? stamp.time : null;
}
