// How a case's rules are told from everybody else's: the comment that each carries, and what their log lines start with.

/** What the comment of each rule of a case starts with. */
export const tagOf = (caseId: string): string => `lo-doctor ${caseId}: `;

/** The temporary logging of a case is a case of its own, with a tag of its own: each is taken back, and looked for, by itself. */
export const loggingCaseOf = (caseId: string): string => `${caseId}-log`;

/** The rehearsal of a fix, too, is a case of its own. */
export const rehearsalCaseOf = (caseId: string): string => `${caseId}-try`;

/** True for a comment that some case of lo-doctor's gave. */
export const isOwnComment = (comment: string | null): boolean => comment?.startsWith('lo-doctor ') ?? false;

/** True for the comment of a temporary log rule of some case. */
export const isOwnLogComment = (comment: string | null): boolean =>
  comment !== null && /^lo-doctor \S+-log: \d+$/.test(comment);

/**
 * What every log line of a case starts with. The kernel cuts a prefix after 29 characters (iptables' limit), and three of them are
 * the number of the rule, so of a long id only its end is left.
 */
export const logPrefixOf = (caseId: string): string => `lo-doctor ${caseId.slice(-15)} `;
