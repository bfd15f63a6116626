// Secrets in what a user typed and what a program printed: they stay out of reports, records and documents.

const MASK = '***';

/** Names of options, variables, headers and fields that hold a secret. */
const NAME =
  '[\\w.-]*(?:pass(?:w(?:or)?d|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)[\\w.-]*';

/** What a shell takes for one word, as far as it can hold a secret: quoted or not. */
const WORD = `(?:"(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s'"&;|]+)+`;

/** Each keeps its first group and masks the second. */
const PATTERNS: readonly RegExp[] = [
  // https://user:secret@host, also without a user
  /(\b[a-z][\w+.-]*:\/\/[^\s/:@]*:)([^\s/@]+)(?=@)/gi,
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
  new RegExp(`(\\b(?:mysql\\w*|mariadb[\\w-]*)\\b[^\\n|;&]*?\\s-p)(${WORD})`, 'g'),
  new RegExp(`(\\b(?:sshpass|ldap\\w+|ipmitool)\\b[^\\n|;&]*?\\s-[pwP]\\s*)(${WORD})`, 'g'),
  new RegExp(`(\\bredis-cli\\b[^\\n|;&]*?\\s-a\\s+)(${WORD})`, 'g'),
  new RegExp(`(\\bswaks\\b[^\\n|;&]*?\\s-ap\\s+)(${WORD})`, 'g'),
  // openssl's pass:secret
  new RegExp(`(\\bpass:)(${WORD})`, 'g'),
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)([\s\S]*?)(?=-----END|$)/g,
  // A JSON web token; keys of AWS, GitHub, GitLab, Slack and Stripe by their known beginnings
  /(\b)(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/g,
  /(\b)((?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|sk_live_\w{16,})/g,
];

/** A shorter secret may be any word of a text; where a pattern finds it, it is masked all the same. */
const LEAST_TO_FOLLOW = 6;

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
  const known = [...new Set(texts.flatMap(findSecrets))].toSorted((a, b) => b.length - a.length);
  return (text) => {
    const masked = PATTERNS.reduce((rest, pattern) => rest.replace(pattern, `$1${MASK}`), text);
    return known.reduce((rest, secret) => rest.replaceAll(secret, MASK), masked);
  };
};
