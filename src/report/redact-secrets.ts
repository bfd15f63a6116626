// Secrets in what a user typed and what a program printed: they stay out of reports, records and documents.

const MASK = '***';

/** Names of options, variables, headers and fields that hold a secret. */
const NAME =
  '[\\w.-]{0,40}(?:pass(?:w(?:or)?d|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)[\\w.-]{0,40}';

/** What a shell takes for one word, as far as it can hold a secret: quoted or not. */
const WORD = `(?:"(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s'"&;|]+)+`;

/** Each keeps its first group and masks the second. */
const PATTERNS: readonly RegExp[] = [
  // https://user:secret@host, also without a user
  /(\b[a-z][\w+.-]{0,20}:\/\/[^\s/:@]{0,200}:)([^\s/@]{1,400})(?=@)/gi,
  // --password=secret, --api-key secret, --auth-password secret
  new RegExp(`(--?${NAME}(?:=|\\s+))(${WORD})`, 'gi'),
  // PGPASSWORD=secret, password=secret in a query or a configuration, "password": "secret"
  new RegExp(`(\\b${NAME}["']?\\s*[=:]\\s*)(${WORD})`, 'gi'),
  // Authorization: Bearer secret, Cookie: secret
  /(\b(?:proxy-)?authorization["']?\s*[:=]\s*(?:[a-z]+\s+)?)([^\s'",]+)/gi,
  /(\b(?:set-)?cookie["']?\s*:\s*)([^'"\n]+)/gi,
  // curl -u user:secret, smbclient -U user%secret
  /(\s(?:-u|-U|--(?:proxy-)?user)[\s=]*["']?[^\s:%'"]+[:%])([^\s'"]+)/g,
  // mysql -psecret, sshpass -p secret, redis-cli -a secret, swaks -ap secret
  new RegExp(`(\\b(?:mysql\\w*|mariadb[\\w-]*)\\b[^\\n|;&]{0,400}?\\s-p)(${WORD})`, 'g'),
  new RegExp(`(\\b(?:sshpass|ldap\\w+|ipmitool)\\b[^\\n|;&]{0,400}?\\s-[pwP]\\s*)(${WORD})`, 'g'),
  new RegExp(`(\\bredis-cli\\b[^\\n|;&]{0,400}?\\s-a\\s+)(${WORD})`, 'g'),
  new RegExp(`(\\bswaks\\b[^\\n|;&]{0,400}?\\s-ap\\s+)(${WORD})`, 'g'),
  // openssl's pass:secret
  new RegExp(`(\\bpass:)(${WORD})`, 'g'),
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)([\s\S]{0,20000}?)(?=-----END|$)/g,
  // A JSON web token; keys of AWS, GitHub, GitLab, Slack and Stripe by their known beginnings
  /(\b)(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/g,
  /(\b)((?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|sk_live_\w{16,})/g,
];

/** A shorter secret may be any word of a text; where a pattern finds it, it is masked all the same. */
const LEAST_TO_FOLLOW = 6;

/** Characters of one text that are kept, its end: what is longer is nothing for a report. */
const MOST = 50_000;

const unquoted = (word: string): string => word.replace(/^(['"])(.*)\1$/s, '$2');

const findSecrets = (text: string): string[] =>
  PATTERNS.flatMap((pattern) =>
    [...text.matchAll(pattern)]
      .map(([, , secret = '']) => unquoted(secret))
      .filter(({ length }) => length >= LEAST_TO_FOLLOW),
  );

/**
 * Masks the secrets of a text: passwords, tokens, keys, credentials in URLs. What one of `texts` shows to be a secret (a typed command) is
 * masked wherever it stands (in its output).
 */
export const secretsMask = (texts: readonly string[]): ((text: string) => string) => {
  const known = [...new Set(texts.map((text) => text.slice(-MOST)).flatMap(findSecrets))].toSorted(
    (a, b) => b.length - a.length,
  );
  return (whole) => {
    const text = whole.length > MOST ? `(the beginning is left out) ${whole.slice(-MOST)}` : whole;
    const masked = PATTERNS.reduce((rest, pattern) => rest.replace(pattern, `$1${MASK}`), text);
    return known.reduce((rest, secret) => rest.replaceAll(secret, MASK), masked);
  };
};
