// What a log prefix lets one guess about the packet's fate; only the rule behind it knows.

/** `stopped` and `passed` are what the prefix says; `unknown` is what most say. */
export type PrefixHint = 'stopped' | 'passed' | 'unknown';

/** Ubiquiti: `[WAN_LOCAL-4001-A]`, `[WAN_IN-default-D]`, `[WAN_LOCAL-D-2147483647] DESCR="…"`: accept, drop, reject. */
const UBIQUITI = /^\[[^\]]*-([ADR])(?:-\d+)?\]/;
const PASSED = /AUDIT|ALLOW|ACCEPT|PERMIT|PASS|TRACE/i;
const STOPPED = /BLOCK|DROP|DENY|DENIED|REJECT|DISCARD|REFUSE/i;

/**
 * `[UFW AUDIT]` is written for packets whatever becomes of them, `[UFW ALLOW]` for those that passed; `[UFW BLOCK]`,
 * `FINAL_REJECT:`, `Shorewall:fw2net:DROP:` right before the packet is stopped.
 */
export function findPrefixHint(prefix: string | null): PrefixHint {
  if (prefix === null) return 'unknown';
  const ubiquiti = UBIQUITI.exec(prefix)?.[1];
  if (ubiquiti !== undefined) return ubiquiti === 'A' ? 'passed' : 'stopped';
  if (STOPPED.test(prefix)) return 'stopped';
  return PASSED.test(prefix) ? 'passed' : 'unknown';
}
