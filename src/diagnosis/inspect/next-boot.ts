// What is known of the next boot: one answer for all who tell it.

/** `reasons` say by what that is known, which conversation is stopped by what, or why nothing is known. */
export type NextBoot = { readonly loopback: 'passes' | 'blocked' | 'unknown'; readonly reasons: readonly string[] };
