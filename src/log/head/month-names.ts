// The names of months in the locales that journalctl and dmesg -T write stamps in.

import { byteAt } from '../packet/bytes.ts';

/** English comes first: syslog daemons write nothing else. German, French, Spanish, Italian, Portuguese, Dutch, Nordic, Polish. */
const NAMES: readonly (readonly string[])[] = [
  ['Jan', 'jan', 'Jän', 'ene', 'gen', 'sty'],
  ['Feb', 'feb', 'fév', 'fev', 'lut'],
  ['Mar', 'mar', 'Mär', 'mrt'],
  ['Apr', 'apr', 'avr', 'abr', 'kwi'],
  ['May', 'may', 'Mai', 'mai', 'mei', 'mag', 'maj'],
  ['Jun', 'jun', 'juin', 'giu', 'cze'],
  ['Jul', 'jul', 'juil', 'lug', 'lip'],
  ['Aug', 'aug', 'aoû', 'ago', 'sie'],
  ['Sep', 'sep', 'set', 'wrz'],
  ['Oct', 'oct', 'Okt', 'okt', 'ott', 'out', 'paź'],
  ['Nov', 'nov', 'lis'],
  ['Dec', 'dec', 'Dez', 'déc', 'dez', 'dic', 'des', 'gru'],
];

const encoder = new TextEncoder();
const latin1 = (name: string): Uint8Array => Uint8Array.from(name, (char) => Math.min(char.charCodeAt(0), 255));

/** Each name as the parser of single lines has it, a byte a character, and as it stands in a file. */
const SPELLINGS = NAMES.flatMap((names, month) =>
  names.flatMap((name) => [latin1(name), encoder.encode(name)].map((spelling) => ({ month, spelling }))),
);
const BY_FIRST_BYTE = Map.groupBy(SPELLINGS, ({ spelling }) => spelling[0]);

/** The number of the month whose name begins a word at a place, from 0, or -1; `juin` and `juil` go by four letters. */
export function findForeignMonth(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  const found = BY_FIRST_BYTE.get(byteAt(bytes, at))?.find(
    ({ spelling }) => at + spelling.length <= end && spelling.every((byte, i) => byte === byteAt(bytes, at + i)),
  );
  return found?.month ?? -1;
}
