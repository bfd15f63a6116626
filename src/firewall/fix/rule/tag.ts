// How a case's rules are told from everybody else's: the comment that each carries, and what their log lines start with.

/** What the comment of each rule of a case starts with. */
export const tagOf = (caseId: string): string => `lo-doctor ${caseId}: `;

/** The same as ufw writes comments into its files: as hexadecimal digits. */
export const tagInHexOf = (caseId: string): string => hexOf(tagOf(caseId));

/** The bytes of ASCII text as hexadecimal digits. */
const hexOf = (text: string): string =>
  Array.from(text, (character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('');

const ID = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}';
const BEGIN_IN_HEX = hexOf('lo-doctor ');

/** True for what can be the name of a case. */
export const isCaseId = (text: string): boolean => new RegExp(`^${ID}$`).test(text);

/** What `grep -E` finds all lines with a tag by, be it in hexadecimal digits. */
export const ANY_TAG = `lo-doctor ${ID}: |${BEGIN_IN_HEX}([2-7][0-9a-f])+`;

/** The cases whose tags the text has, each once. */
export function casesIn(text: string): string[] {
  const plain = [...text.matchAll(new RegExp(`lo-doctor (${ID}): `, 'g'))].map(([, id = '']) => id);
  const inHex = new RegExp(`${BEGIN_IN_HEX}((?:[2-7][0-9a-f])+?)${hexOf(': ')}`, 'g');
  const hex = [...text.matchAll(inHex)].map(([, digits = '']) =>
    digits.replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16))),
  );
  return [...new Set([...plain, ...hex.filter(isCaseId)])];
}

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

/** True for the text of a temporary log rule of some case. */
export const isOwnLogRule = (text: string): boolean => /\blo-doctor \S+-log: \d+\b/.test(text);
