// Takes the message out of lines that wrap it in JSON: the journal's (-o json), Docker's, a log shipper's.

import { readIsoDate } from './clock.ts';

/** The message of a wrapped line and what the wrapper knows of it. */
export type UnwrappedLine = { text: string; time: number | null; host: string | null; uptime: number | null };

const MESSAGE_KEYS = ['MESSAGE', 'log', 'message', 'msg', '_raw', 'full_message', 'short_message', 'line'];
const TIME_KEYS = ['time', '@timestamp', 'timestamp', '_time'];
const HOST_KEYS = ['_HOSTNAME', 'host', 'hostname', 'HOST'];
/** Where an export keeps the record itself: Elasticsearch, Splunk. */
const RECORD_KEYS = ['_source', 'result'];

/**
 * `{"MESSAGE":"IN= OUT=lo …","__REALTIME_TIMESTAMP":"1781972881123456",…}`, also behind `data: ` (journalctl -o json-sse)
 * and the record separator of json-seq; null where the line is no such JSON.
 */
export function unwrapLine(line: string): UnwrappedLine | null {
  const json = line.startsWith('data: ') ? line.slice(6) : line.startsWith('\x1e') ? line.slice(1) : line;
  if (!json.startsWith('{')) return null;
  const outer = parseObject(json);
  if (outer === null) return null;
  const record = firstOf(outer, RECORD_KEYS, readObject) ?? outer;
  const text = firstOf(record, MESSAGE_KEYS, readText) ?? readText(readObject(record.event)?.original);
  if (text === null) return null;
  return {
    text: text.trimEnd(),
    time: microseconds(record.__REALTIME_TIMESTAMP, 1000) ?? firstOf(record, TIME_KEYS, readTime),
    host: firstOf(record, HOST_KEYS, readHost),
    uptime: microseconds(record._SOURCE_MONOTONIC_TIMESTAMP, 1e6),
  };
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    return readObject(JSON.parse(line));
  } catch {
    return null;
  }
}

const readObject = (value: unknown): Record<string, unknown> | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;

/** `"host":"web1"`, or Elastic's `"host":{"hostname":"web1"}`. */
function readHost(value: unknown): string | null {
  const host = readObject(value);
  const name = host === null ? value : (host.hostname ?? host.name);
  return typeof name === 'string' && name !== '' ? name : null;
}

function firstOf<T>(record: Record<string, unknown>, keys: readonly string[], read: (value: unknown) => T | null) {
  for (const key of keys) {
    const value = read(record[key]);
    if (value !== null) return value;
  }
  return null;
}

/** The journal writes messages that are no UTF-8 as arrays of bytes. */
function readText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  return new TextDecoder().decode(Uint8Array.from(value, (byte: unknown) => (typeof byte === 'number' ? byte : 63)));
}

function microseconds(value: unknown, unit: number): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) / unit : Number.NaN;
  return Number.isFinite(number) ? number : null;
}

/** RFC 3339, or seconds since 1970 (GELF). */
function readTime(value: unknown): number | null {
  if (typeof value === 'number') return value > 1e8 && value < 1e11 ? value * 1000 : null;
  if (typeof value !== 'string') return null;
  const bytes = Uint8Array.from(value, (char) => char.charCodeAt(0));
  return readIsoDate(bytes, 0, bytes.length)?.time ?? null;
}
