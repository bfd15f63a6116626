// A hash table from keys in bytes to groups: looking a key up makes no garbage.

/** A key that is being put together: parts of a line and numbers, each ended by a byte that no log line holds. */
export type KeyBuilder = { bytes: Uint8Array; length: number };

const SIZE = 1024;

export const createKeyBuilder = (): KeyBuilder => ({ bytes: new Uint8Array(SIZE), length: 0 });

/** Adds the bytes of a range, none where it begins at -1; what does not fit any more is left out. */
export function addRange(key: KeyBuilder, line: Uint8Array, from: number, to: number): void {
  const { bytes } = key;
  let length = key.length;
  for (let i = from < 0 ? to : from; i < to && length < SIZE - 8; i++) bytes[length++] = line[i] ?? 0;
  bytes[length++] = 10;
  key.length = Math.min(length, SIZE - 8);
}

/** Adds a number below 2^24. */
export function addNumber(key: KeyBuilder, number: number): void {
  const at = key.length;
  key.bytes[at] = number & 255;
  key.bytes[at + 1] = (number >> 8) & 255;
  key.bytes[at + 2] = (number >> 16) & 255;
  key.length = Math.min(at + 3, SIZE - 8);
}

type Slot<G> = { hash: number; key: Uint8Array; group: G };

/** Groups by key. */
export type GroupTable<G> = { slots: (Slot<G> | undefined)[]; size: number };

export const createGroupTable = <G>(): GroupTable<G> => ({ slots: new Array(256).fill(undefined), size: 0 });

/** FNV-1a */
function hashOf({ bytes, length }: KeyBuilder): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}

function sameKey(slot: Uint8Array, { bytes, length }: KeyBuilder): boolean {
  if (slot.length !== length) return false;
  for (let i = 0; i < length; i++) if (slot[i] !== bytes[i]) return false;
  return true;
}

/** The group of a key, or undefined. */
export function findGroup<G>(table: GroupTable<G>, key: KeyBuilder): G | undefined {
  const hash = hashOf(key);
  const mask = table.slots.length - 1;
  for (let at = hash & mask; ; at = (at + 1) & mask) {
    const slot = table.slots[at];
    if (slot === undefined) return undefined;
    if (slot.hash === hash && sameKey(slot.key, key)) return slot.group;
  }
}

/** Adds the group of a key that is not in the table. */
export function addGroup<G>(table: GroupTable<G>, key: KeyBuilder, group: G): void {
  if (table.size * 2 >= table.slots.length) grow(table);
  insert(table.slots, { hash: hashOf(key), key: key.bytes.slice(0, key.length), group });
  table.size++;
}

function insert<G>(slots: (Slot<G> | undefined)[], slot: Slot<G>): void {
  let at = slot.hash & (slots.length - 1);
  while (slots[at] !== undefined) at = (at + 1) & (slots.length - 1);
  slots[at] = slot;
}

function grow<G>(table: GroupTable<G>): void {
  const slots: (Slot<G> | undefined)[] = new Array(table.slots.length * 2).fill(undefined);
  for (const slot of table.slots) if (slot !== undefined) insert(slots, slot);
  table.slots = slots;
}
