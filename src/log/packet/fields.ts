// The words of the kernel's log line (nf_log_syslog.c) and their numbers, found without making strings.

import { byteAt } from './bytes.ts';

// biome-ignore format: a table
/** Fields are numbered so that a scan can keep their places in an array. */
export const F = {
  IN: 0, OUT: 1, PHYSIN: 2, PHYSOUT: 3, MAC: 4, MACSRC: 5, MACDST: 6, MACPROTO: 7, VPROTO: 8, VID: 9, TUNNEL: 10,
  SRC: 11, DST: 12, LEN: 13, TOS: 14, PREC: 15, TTL: 16, ID: 17, TC: 18, HOPLIMIT: 19, FLOWLBL: 20, FRAG: 21,
  PROTO: 22, SPT: 23, DPT: 24, SEQ: 25, ACK: 26, WINDOW: 27, RES: 28, URGP: 29, TYPE: 30, CODE: 31, MTU: 32,
  GATEWAY: 33, PARAMETER: 34, POINTER: 35, SPI: 36, UID: 37, GID: 38, MARK: 39,
  HTYPE: 40, PTYPE: 41, OPCODE: 42, IPSRC: 43, IPDST: 44,
  // Words that stand alone. ACK is both: ACK=0 is a number, ACK a flag.
  CE: 45, DF: 46, MF: 47, AE: 48, CWR: 49, ECE: 50, URG: 51, PSH: 52, RST: 53, SYN: 54, FIN: 55,
  INCOMPLETE: 56, TRUNCATED: 57, ARP: 58, ESP: 59,
} as const;

/** How many numbers there are. */
export const FIELD_COUNT = Object.keys(F).length;

/** TCP flags in the kernel's order; bit n of a mask is flag n. */
export const TCP_FLAGS: readonly string[] = ['AE', 'CWR', 'ECE', 'URG', 'ACK', 'PSH', 'RST', 'SYN', 'FIN'];
/** The flags of an IPv4 header, in the kernel's order. */
export const IP_FLAGS: readonly string[] = ['CE', 'DF', 'MF'];

/** The bit of a TCP flag in a mask; 0 for what is none. */
export const tcpFlag = (name: string): number => (1 << (TCP_FLAGS.indexOf(name) + 1)) >> 1;

// Six letters of five bits each fit a small integer, so most words are told by one comparison.
const PACKED = 6;
const PACK_MASK = 0x3fffffff;

/** One letter more of the word that a scanner walks over; of long words the last six letters stay. */
export const packLetter = (pack: number, byte: number): number => ((pack << 5) | (byte & 31)) & PACK_MASK;

const names = Object.keys(F);
const nameBytes = names.map((name) => Uint8Array.from(name, (char) => char.charCodeAt(0)));
const packs = Int32Array.from(nameBytes, (name) => name.reduce(packLetter, 0));

const TABLE_BITS = 9;
const { multiplier, table } = findPerfectHash();

/** A perfect hash: the first multiplier that gives each word a place of its own. */
function findPerfectHash(): { multiplier: number; table: Int8Array } {
  for (let multiplier = 0x9e3779b1; ; multiplier += 2) {
    const table = new Int8Array(1 << TABLE_BITS).fill(-1);
    const fits = packs.every((pack, number) => {
      const slot = Math.imul(pack, multiplier) >>> (32 - TABLE_BITS);
      if (table[slot] !== -1) return false;
      table[slot] = number;
      return true;
    });
    if (fits) return { multiplier, table };
  }
}

/** The number of the word in bytes[from, to) whose letters are packed in `pack`, or -1. */
export function findLogField(bytes: Uint8Array, from: number, to: number, pack: number): number {
  const number = table[Math.imul(pack, multiplier) >>> (32 - TABLE_BITS)] ?? -1;
  if (number < 0 || packs[number] !== pack) return -1;
  const name = nameBytes[number];
  if (name === undefined || name.length !== to - from) return -1;
  return to - from <= PACKED || isLongName(name, bytes, from) ? number : -1;
}

function isLongName(name: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < name.length - PACKED; i++) if (name[i] !== byteAt(bytes, from + i)) return false;
  return true;
}
