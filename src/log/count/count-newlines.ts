// Counts line ends four bytes at a time: byte by byte would take longer than all the rest of a summary.

const NEWLINES = 0x0a0a0a0a;
const LOW_BITS = 0x7f7f7f7f;
const HIGH_BITS = 0x80808080;
const ONES = 0x01010101;
/** Words whose marks fit a counter of one byte, in groups of four. */
const BLOCK = 252;

/** How many bytes of the chunk are line feeds. */
export function countNewlines(chunk: Uint8Array): number {
  const misaligned = Math.min((4 - (chunk.byteOffset & 3)) & 3, chunk.length);
  const words = ((chunk.length - misaligned) >> 4) << 2;
  if (words === 0) return countBytes(chunk, 0, chunk.length);
  const view = new Int32Array(chunk.buffer, chunk.byteOffset + misaligned, words);
  const rest = misaligned + words * 4;
  return countBytes(chunk, 0, misaligned) + countWords(view) + countBytes(chunk, rest, chunk.length);
}

function countBytes(chunk: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (chunk[i] === 10) count++;
  return count;
}

/** Of an ASCII word: a bit in each byte that is no line feed, because only there the addition reaches the highest bit. */
const markOthers = (word: number): number => (((word ^ NEWLINES) + LOW_BITS) >>> 7) & ONES;

function countWords(words: Int32Array): number {
  let count = 0;
  for (let from = 0; from < words.length; from += BLOCK) {
    const to = Math.min(from + BLOCK, words.length);
    let lanes = 0; // four counters of a byte each
    let all = 0;
    for (let i = from; i < to; i += 4) {
      const a = words[i] ?? 0;
      const b = words[i + 1] ?? 0;
      const c = words[i + 2] ?? 0;
      const d = words[i + 3] ?? 0;
      all |= a | b | c | d;
      lanes = (lanes + markOthers(a) + markOthers(b) + markOthers(c) + markOthers(d)) | 0;
    }
    const others = (lanes & 255) + ((lanes >>> 8) & 255) + ((lanes >>> 16) & 255) + (lanes >>> 24);
    count += (all & HIGH_BITS) === 0 ? (to - from) * 4 - others : countExactly(words.subarray(from, to));
  }
  return count;
}

/** For blocks with bytes beyond ASCII. */
const countExactly = (words: Int32Array): number =>
  countBytes(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), 0, words.byteLength);
