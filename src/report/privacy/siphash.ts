// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash, so that what is renamed by it can't be named back without the key.

const ALL = (1n << 64n) - 1n;

const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & ALL;

type State = [bigint, bigint, bigint, bigint];

const round = ([a, b, c, d]: State): State => {
  const a1 = (a + b) & ALL;
  const b1 = rotate(b, 13n) ^ a1;
  const c1 = (c + d) & ALL;
  const d1 = rotate(d, 16n) ^ c1;
  const a2 = (rotate(a1, 32n) + d1) & ALL;
  const d2 = rotate(d1, 21n) ^ a2;
  const c2 = (c1 + b1) & ALL;
  const b2 = rotate(b1, 17n) ^ c2;
  return [a2, b2, rotate(c2, 32n), d2];
};

const rounds = (state: State, many: number): State => (many === 0 ? state : rounds(round(state), many - 1));

/** Little-endian words of eight bytes; the last one carries the length. */
const wordsOf = (bytes: Uint8Array): bigint[] => {
  const whole = Math.floor(bytes.length / 8);
  const word = (at: number, end: number): bigint =>
    bytes.subarray(at, end).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const words = Array.from({ length: whole }, (_, index) => word(index * 8, index * 8 + 8));
  return [...words, word(whole * 8, bytes.length) | (BigInt(bytes.length & 255) << 56n)];
};

/** The hash of a text under a key of 128 bits. */
export const sipHash = (key: bigint, text: Uint8Array): bigint => {
  const [low, high] = [key & ALL, (key >> 64n) & ALL];
  const begin: State = [
    low ^ 0x736f6d6570736575n,
    high ^ 0x646f72616e646f6dn,
    low ^ 0x6c7967656e657261n,
    high ^ 0x7465646279746573n,
  ];
  const [a, b, c, d] = wordsOf(text).reduce<State>((state, word) => {
    const [v0, v1, v2, v3] = rounds([state[0], state[1], state[2], state[3] ^ word], 2);
    return [v0 ^ word, v1, v2, v3];
  }, begin);
  const end = rounds([a, b, c ^ 0xffn, d], 4);
  return end[0] ^ end[1] ^ end[2] ^ end[3];
};
