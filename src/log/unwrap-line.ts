// Takes the message out of lines that wrap it in JSON: the journal's (-o json), Docker's, a log shipper's.

import { readIsoDate } from './clock.ts';

/** The message of a wrapped line and what the wrapper knows of it. */
export type Unwrapped = { text: string; time: number | null; host: string | null; uptime: number | null };

const MESSAGE_KEYS = ['MESSAGE', 'log', 'message', 'msg'];
const TIME_KEYS = ['time', '@timestamp', 'timestamp'];
const HOST_KEYS = ['_HOSTNAME', 'host', 'hostname'];

/** `{"MESSAGE":"IN= OUT=lo …","__REALTIME_TIMESTAMP":"1781972881123456",…}`; null where the line is no such JSON. */
export function unwrapLine(line: string): Unwrapped | null {
  if (!line.startsWith('{')) return null;
  const record = parseObject(line);
  if (record === null) return null;
  const text = firstOf(record, MESSAGE_KEYS, readText);
  if (text === null) return null;
  return {
    text: text.trimEnd(),
    time: microseconds(record.__REALTIME_TIMESTAMP, 1000) ?? firstOf(record, TIME_KEYS, readTime),
    host: firstOf(record, HOST_KEYS, (value) => (typeof value === 'string' && value !== '' ? value : null)),
    uptime: microseconds(record._SOURCE_MONOTONIC_TIMESTAMP, 1e6),
  };
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
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

function readTime(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const bytes = Uint8Array.from(value, (char) => char.charCodeAt(0));
  return readIsoDate(bytes, 0, bytes.length)?.time ?? null;
}
