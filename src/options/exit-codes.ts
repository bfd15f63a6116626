// The exit codes of docs/contract.md. It imports nothing: the way in for old Nodes (start.ts) has them too.

/** Whatever ends a command ends it with one of these. */
export const EXIT = {
  done: 0,
  blocked: 1,
  usage: 2,
  couldNot: 3,
  cantTell: 4,
  rolledBack: 5,
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** What a look at the rules ends with. */
export type LookCode = typeof EXIT.done | typeof EXIT.blocked | typeof EXIT.cantTell;
