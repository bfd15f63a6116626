// Frees a line of what terminals and editors put into it.

/** `ESC [ 1 ; 31 m`, `ESC [ K`: colours of journalctl, dmesg and grep. Other sequences stay: they are the line's own. */
const COLORS = /\x1b\[[\d;]*[mK]/g;

/** The line without colours and byte order mark. */
export function plainLine(line: string): string {
  const plain = line.startsWith('\ufeff') ? line.slice(1) : line;
  return plain.includes('\x1b') ? plain.replace(COLORS, '') : plain;
}
