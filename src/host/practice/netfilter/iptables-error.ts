// What the iptables commands complain about, in their own words (iptables 1.8.9).

/** A complaint: what is printed to stderr after the program's name, and the exit code. */
export class IptablesError extends Error {
  override readonly name = 'IptablesError';
  readonly code: number;
  /** Which head the message gets: the program with its version, only its name, or none. */
  readonly head: 'version' | 'name' | 'none';

  constructor(message: string, code: number, head: 'version' | 'name' | 'none') {
    super(message);
    this.code = code;
    this.head = head;
  }
}

/** A command line that makes no sense: exit code 2, and a hint at the help. */
export function wrongUsage(message: string, head: 'version' | 'none' = 'version'): IptablesError {
  return new IptablesError(message, 2, head);
}

/** A sensible command that the kernel's rules don't fit: exit code 1. */
export function refused(message: string): IptablesError {
  return new IptablesError(message, 1, 'name');
}

/** The kernel would not take it: exit code 4. */
export function notTaken(message: string): IptablesError {
  return new IptablesError(` ${message}`, 4, 'version');
}

export const NO_SUCH_CHAIN = 'No chain/target/match by that name.';
export const NO_SUCH_RULE = 'Bad rule (does a matching rule exist in that chain?).';
