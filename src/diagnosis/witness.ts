// What a server shows beside its rules and its log while something fails: the facts that causes are found by.

/**
 * Each fact has a field of its own here, its reader in commands/read-witness.ts, and a value for what nobody could look at:
 * a cause must be able to tell "not there" from "not seen".
 */
export type Witness = {
  /** The addresses of localhost in the order in which they are tried; empty: nothing tells. */
  readonly localhost: readonly string[];
};

/** Nothing was looked at. */
export const NO_WITNESS: Witness = { localhost: [] };
