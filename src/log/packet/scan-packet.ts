// Finds the fields of a netfilter line in its bytes, in one walk from left to right that makes no strings.

import { byteAt, isDigit } from './bytes.ts';
import { F, FIELD_COUNT, findLogField, packLetter } from './fields.ts';

/** Where the values of one packet stand: `from[F.SRC]` to `to[F.SRC]`, -1 where a field is missing. */
export type PacketScan = {
  from: Int32Array;
  to: Int32Array;
  /** Bit n is flag n of TCP_FLAGS. */
  tcpFlags: number;
  /** Bit n is flag n of IP_FLAGS. */
  ipFlags: number;
  /** The kernel could not read on: INCOMPLETE [n bytes], TRUNCATED. */
  cut: boolean;
  arp: boolean;
  /** An ESP header among the options of IPv6, after which the kernel names no protocol. */
  esp: boolean;
};

/** The places of a line's fields; made once and filled anew for each line. */
export type LineScan = {
  outer: PacketScan;
  /** The packet in brackets of an ICMP error. */
  inner: PacketScan;
  hasInner: boolean;
  /** Where `IN=` (or, without it, `OUT=`) stands; the prefix ends there. */
  anchor: number;
  /** The beginning of the line is lost, devices and prefix with it; `anchor` is the first field that is left. */
  beheaded: boolean;
};

const createPacketScan = (): PacketScan => ({
  from: new Int32Array(FIELD_COUNT).fill(-1),
  to: new Int32Array(FIELD_COUNT).fill(-1),
  tcpFlags: 0,
  ipFlags: 0,
  cut: false,
  arp: false,
  esp: false,
});

/** An empty scan. */
export const createLineScan = (): LineScan => ({
  outer: createPacketScan(),
  inner: createPacketScan(),
  hasInner: false,
  anchor: -1,
  beheaded: false,
});

const EQUALS = 61;
const COLON = 58;
const OPEN = 91;
const CLOSE = 93;
const PAREN = 40;

/** Whether the packet has the field, if only empty. */
export const hasField = (packet: PacketScan, field: number): boolean => (packet.from[field] ?? -1) >= 0;

/**
 * Reads one line, bytes[start, end), e.g. `DROP IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00
 * TTL=64 ID=1 DF PROTO=TCP SPT=40000 DPT=25 WINDOW=65495 RES=0x00 SYN URGP=0 `. False where it is no netfilter line.
 *
 * A prefix may hold anything, `IN=x OUT=y ` included, so the packet begins at the last `IN=… OUT=` before addresses
 * that are followed by the rest of a header. From there the first value of a field wins.
 */
export function scanPacket(bytes: Uint8Array, start: number, end: number, scan: LineScan): boolean {
  scan.anchor = -1;
  scan.hasInner = false;
  scan.beheaded = false;
  const payload = scanFields(bytes, start, end, scan);
  if (scan.anchor < 0 && payload >= 0) {
    behead(bytes, start, end, payload, scan);
    if (scan.beheaded) scanFields(bytes, scan.anchor, end, scan);
  }
  return scan.anchor >= 0 && describesPacket(bytes, scan.outer);
}

/** Fills the scan; returns where a `PROTO=` stands that a payload follows though no packet has begun, or -1. */
function scanFields(bytes: Uint8Array, start: number, end: number, scan: LineScan): number {
  let packet = scan.outer;
  let addresses = false;
  let header = false;
  let last = -1;
  let lastStart = -1;
  let lastEnd = -1;
  let bridgedStart = -1;
  let bridgedEnd = -1;
  let payload = -1;
  let at = start;
  while (at < end) {
    // Here and below without byteAt: the compiler inlines only so much.
    let byte = bytes[at] ?? 0;
    if (byte <= 32) {
      at++;
      continue;
    }
    if (scan.anchor >= 0) {
      if (header && byte === OPEN && opensInner(byteAt(bytes, at + 1))) {
        packet = scan.inner;
        if (!scan.hasInner) clearPacket(packet);
        scan.hasInner = true;
        at++;
        continue;
      }
      if (byte === CLOSE) {
        packet = scan.outer;
        at++;
        continue;
      }
      // DD-WRT's kernel has priorities between the fields: `MAC=… <1>SRC=10.0.0.1`.
      if (byte === 60 && isDigit(byteAt(bytes, at + 1)) && byteAt(bytes, at + 2) === 62) {
        at += 3;
        continue;
      }
    }
    const wordStart = at;
    let pack = 0;
    while (byte >= 65 && byte <= 90) {
      pack = packLetter(pack, byte);
      at++;
      byte = at < end ? (bytes[at] ?? 0) : 0;
    }
    const nameEnd = at;
    while (at < end && (bytes[at] ?? 0) > 32) at++;
    const wordEnd = at;
    let field = -1;
    if (byte === EQUALS) {
      field = findLogField(bytes, wordStart, nameEnd, pack);
      if (field === F.OUT && packet === scan.outer) {
        // Linux 2.4 names the ports of a bridge with their devices: `IN=br0 PHYSIN=eth0 OUT=br0 PHYSOUT=eth1 `.
        let inEnd = bridgedEnd;
        let anchor = last === F.PHYSIN ? findIn(bytes, bridgedStart, bridgedEnd) : -1;
        const bridged = anchor >= 0;
        if (!bridged) {
          inEnd = lastEnd;
          anchor = findIn(bytes, lastStart, lastEnd);
        }
        if (anchor >= 0) {
          if (header) break; // a second record on the same line
          anchorAt(scan, anchor, F.IN, anchor + 3, inEnd);
          if (bridged) setField(packet, F.PHYSIN, lastStart + 7, lastEnd);
        }
      } else if (scan.anchor < 0) {
        if (beginsPacket(field)) anchorAtLoneDevice(bytes, scan, last, lastStart, lastEnd);
        else if (last === F.PROTO && payload < 0 && beginsPayload(field)) payload = lastStart;
      }
      if (field === F.PHYSIN) {
        bridgedStart = lastStart;
        bridgedEnd = lastEnd;
      }
      if (scan.anchor >= 0 && field >= 0) {
        const from = nameEnd + 1;
        setField(packet, field, from, isPunctuation(bytes[at - 1] ?? 0) ? trimValue(bytes, from, at) : at);
        if (field === F.DST) addresses = last === F.SRC;
        else if (addresses && last === F.DST && followsAddresses(field) && packet === scan.outer) header = true;
      }
    } else if (scan.anchor >= 0) {
      at = readWord(bytes, wordStart, nameEnd, wordEnd, end, pack, packet);
    }
    // Where the kernel can't read on, no space stands before the bracket: `[TRUNCATED] `, `OPT ( ESP SPI=0x1 )] `.
    if (bytes[wordEnd - 1] === CLOSE) packet = scan.outer;
    last = field;
    lastStart = wordStart;
    lastEnd = at;
  }
  return payload;
}

/** Begins the packet anew: what stood before belongs to the prefix. */
function anchorAt(scan: LineScan, anchor: number, field: number, from: number, to: number): void {
  clearPacket(scan.outer);
  scan.hasInner = false;
  scan.anchor = anchor;
  setField(scan.outer, field, from, to);
}

function clearPacket(packet: PacketScan): void {
  packet.from.fill(-1);
  packet.tcpFlags = 0;
  packet.ipFlags = 0;
  packet.cut = false;
  packet.arp = false;
  packet.esp = false;
}

function setField(packet: PacketScan, field: number, from: number, to: number): void {
  if ((packet.from[field] ?? 0) >= 0) return;
  packet.from[field] = from;
  packet.to[field] = to;
}

/** `[SRC=` opens the embedded packet, `[TRUNCATED]` is one that could not be read. */
const opensInner = (byte: number): boolean => byte === 83 || byte === 84;

const beginsPacket = (field: number): boolean =>
  field === F.SRC || field === F.MAC || field === F.PHYSIN || field === F.PHYSOUT;

const followsAddresses = (field: number): boolean =>
  field === F.LEN || field === F.PROTO || field === F.TOS || field === F.TTL || field === F.TC || field === F.HOPLIMIT;

const beginsPayload = (field: number): boolean => field === F.SPT || field === F.TYPE || field === F.SPI;

const describesPacket = (bytes: Uint8Array, packet: PacketScan): boolean =>
  packet.arp ||
  packet.cut ||
  hasField(packet, F.PROTO) ||
  hasField(packet, F.LEN) ||
  hasField(packet, F.MAC) ||
  hasField(packet, F.MACSRC) ||
  hasField(packet, F.PHYSIN) ||
  hasField(packet, F.PHYSOUT) ||
  // A line that ends here may as well be another program's: IN=3 OUT=4 SRC=camera
  holdsAddress(bytes, packet, F.SRC) ||
  holdsAddress(bytes, packet, F.DST);

/** Whether a field is an address, or begins like one; addresses that were blanked count. */
function holdsAddress(bytes: Uint8Array, packet: PacketScan, field: number): boolean {
  const from = packet.from[field] ?? -1;
  const to = packet.to[field] ?? 0;
  for (let i = from; i < to; i++) if (!isAddressByte(byteAt(bytes, i))) return false;
  return from >= 0;
}

const isAddressByte = (byte: number): boolean =>
  isDigit(byte) || byte === COLON || byte === 46 || ((byte | 32) >= 97 && (byte | 32) <= 102) || (byte | 32) === 120;

/** The last `IN=` in the word before `OUT=`, which may have a prefix glued to it. */
function findIn(bytes: Uint8Array, from: number, to: number): number {
  for (let i = to - 3; i >= from && from >= 0; i--) {
    if (byteAt(bytes, i) === 73 && byteAt(bytes, i + 1) === 78 && byteAt(bytes, i + 2) === EQUALS) return i;
  }
  return -1;
}

/**
 * Begins a packet at the first field of the header that is left before its `PROTO=`. A line that was torn has at most a
 * piece of a field before that: a field of the devices means that this is something else.
 */
function behead(bytes: Uint8Array, start: number, end: number, payload: number, scan: LineScan): void {
  clearPacket(scan.outer);
  let first = payload;
  for (let to = payload; to > start; ) {
    while (to > start && byteAt(bytes, to - 1) <= 32) to--;
    let from = to;
    while (from > start && byteAt(bytes, from - 1) > 32) from--;
    const word = findWord(bytes, from, to);
    if (word >= 0 && word < F.TOS) return;
    if (word < 0) {
      // `L=126 ID=8698`: what stands before the ID is the end of the TTL.
      const equals = bytes.indexOf(EQUALS, from);
      if (equals < to && findWord(bytes, first, end) === F.ID) setField(scan.outer, F.TTL, equals + 1, to);
      break;
    }
    first = from;
    to = from;
  }
  scan.outer.cut = true;
  scan.anchor = first;
  scan.beheaded = true;
}

/** The number of the word, or of the name of the field, in bytes[from, to); -1 where it is none of the kernel's. */
function findWord(bytes: Uint8Array, from: number, to: number): number {
  let pack = 0;
  let end = from;
  for (; end < to && byteAt(bytes, end) !== EQUALS; end++) pack = packLetter(pack, byteAt(bytes, end));
  return findLogField(bytes, from, end, pack);
}

/** Proxmox leaves out a missing device: `policy DROP: IN=vmbr0 MAC=… SRC=…`, `REJECT: OUT=vmbr0 SRC=…`. */
function anchorAtLoneDevice(bytes: Uint8Array, scan: LineScan, last: number, lastStart: number, lastEnd: number): void {
  if (last === F.OUT) {
    if (lastStart + 4 < lastEnd) anchorAt(scan, lastStart, F.OUT, lastStart + 4, lastEnd);
  } else if (last !== F.PHYSIN) {
    const anchor = findIn(bytes, lastStart, lastEnd);
    if (anchor >= 0 && anchor + 3 < lastEnd) anchorAt(scan, anchor, F.IN, anchor + 3, lastEnd);
  }
}

const isPunctuation = (byte: number): boolean => byte === 44 || byte === 34 || byte === 59 || byte === CLOSE;

/** Values end at white space; quotes and commas around a quoted line are not theirs. */
function trimValue(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && isPunctuation(byteAt(bytes, end - 1))) end--;
  return end;
}

/** A word without `=`: a flag, FRAG:n, INCOMPLETE [n bytes], OPT (…). Returns where to go on. */
function readWord(
  bytes: Uint8Array,
  start: number,
  nameEnd: number,
  wordEnd: number,
  end: number,
  pack: number,
  packet: PacketScan,
): number {
  if (nameEnd === start) {
    if (byteAt(bytes, start) === PAREN && byteAt(bytes, start + 1) === 84) packet.cut = true; // OPT (TRUNCATED)
    return wordEnd;
  }
  const word = findLogField(bytes, start, nameEnd, pack);
  if (word === F.FRAG && byteAt(bytes, nameEnd) === COLON) setField(packet, F.FRAG, nameEnd + 1, wordEnd);
  else if (word >= 0 && (nameEnd === wordEnd || isPunctuation(byteAt(bytes, nameEnd))))
    return noteWord(bytes, word, wordEnd, end, packet);
  return wordEnd;
}

function noteWord(bytes: Uint8Array, word: number, wordEnd: number, end: number, packet: PacketScan): number {
  if (word >= F.CE && word <= F.MF && !hasField(packet, F.PROTO)) packet.ipFlags |= 1 << (word - F.CE);
  else if (word === F.ACK) packet.tcpFlags |= 16;
  else if (word >= F.AE && word <= F.URG) packet.tcpFlags |= 1 << (word - F.AE);
  else if (word >= F.PSH && word <= F.FIN) packet.tcpFlags |= 1 << (word - F.AE + 1);
  else if (word === F.TRUNCATED) packet.cut = true;
  else if (word === F.ARP) packet.arp = true;
  else if (word === F.ESP) packet.esp = true;
  else if (word === F.INCOMPLETE) {
    if (byteAt(bytes, wordEnd + 1) === OPEN && wordEnd + 1 < end) {
      packet.cut = true;
      const close = bytes.subarray(wordEnd, end).indexOf(CLOSE);
      return close < 0 ? end : wordEnd + close + 1;
    }
    packet.ipFlags |= 4; // in an IPv6 fragment header it means that more fragments follow
  }
  return wordEnd;
}
