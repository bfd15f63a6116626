// Small readers of ASCII text in bytes, shared by the scanners.

/** The byte at a place; 0 outside of the array. */
export const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

export const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;

/** The first place at or after `at` that holds no white space. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && byteAt(bytes, i) <= 32) i++;
  return i;
}

/** The first place at or after `at` that holds white space. */
export function skipWord(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && byteAt(bytes, i) > 32) i++;
  return i;
}

/** The first place at or after `at` that holds no digit. */
export function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && isDigit(byteAt(bytes, i))) i++;
  return i;
}

/** The decimal number that fills the range, or null; never more than 15 digits. */
export function readDecimal(bytes: Uint8Array, from: number, to: number): number | null {
  if (to <= from || to - from > 15) return null;
  let value = 0;
  for (let i = from; i < to; i++) {
    const byte = byteAt(bytes, i);
    if (!isDigit(byte)) return null;
    value = value * 10 + (byte - 48);
  }
  return value;
}

/** The hexadecimal number that fills the range, with or without 0x, or null. */
export function readHex(bytes: Uint8Array, from: number, to: number): number | null {
  const start = byteAt(bytes, from) === 48 && (byteAt(bytes, from + 1) | 32) === 120 ? from + 2 : from;
  if (to <= start || to - start > 8) return null;
  let value = 0;
  for (let i = start; i < to; i++) {
    const byte = byteAt(bytes, i) | 32;
    const digit = isDigit(byte) ? byte - 48 : byte >= 97 && byte <= 102 ? byte - 87 : -1;
    if (digit < 0) return null;
    value = value * 16 + digit;
  }
  return value;
}

/** Whether the text stands at a place. */
export function startsAt(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (at + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (byteAt(bytes, at + i) !== text.charCodeAt(i)) return false;
  return true;
}

/** The number, with or without a fraction, that is known to stand there; of its first 20 characters. */
export function readDigits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let unit = 0;
  for (let i = from; i < Math.min(to, from + 20); i++) {
    const byte = byteAt(bytes, i);
    if (byte === 46) unit = 1;
    else {
      value = value * 10 + (byte - 48);
      unit *= 10;
    }
  }
  return unit > 1 ? value / unit : value;
}
