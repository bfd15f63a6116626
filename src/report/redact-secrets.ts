// Secrets in what a user typed and what a program printed: they stay out of reports, records and documents.

const MASK = '***';

/** Names of options, variables, headers and fields that hold a secret. */
const NAME =
  '[\\w.-]{0,40}(?:pass(?:w(?:or)?d|phrase)?|pwd|secret|token|bearer|(?:api|access|private|auth)[-_]?key|credentials?|signature)[\\w.-]{0,40}';

/** What a shell takes for one word, as far as it can hold a secret: quoted or not. */
const WORD = `(?:"(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s'"&;|]+)+`;

/** Programs, and behind which of their words a secret stands. */
const PROGRAMS: readonly (readonly [programs: string, before: string])[] = [
  ['(?:mysql\\w*|mariadb[\\w-]*)', '\\s-p'],
  ['(?:sshpass|ldap\\w+|ipmitool)', '\\s-[pwP]\\s*'],
  ['(?:mongo\\w*|cqlsh|plink|pscp|(?:docker|podman|buildah|nerdctl|skopeo|helm\\s+registry)\\s+login)', '\\s-pw?\\s*'],
  ['(?:sqlcmd|bcp|isql|tsql)', '\\s-P\\s*'],
  ['redis-cli', '\\s-a\\s*'],
  ['https?', '\\s-(?:a|-auth)[\\s=]+[^\\s:]*:'],
  ['swaks', '\\s-ap\\s+'],
  ['snmp\\w+', '\\s-[cA]\\s*'],
  ['snmp\\w+', '\\s-X\\s*'],
  ['openssl', '\\s-(?:psk|k|K|passin|passout)\\s+'],
  ['curl', '\\s(?:-E|--(?:proxy-)?cert)[\\s=]*[^\\s:]+:'],
  ['curl', '\\s(?:-b|--cookie)[\\s=]*["\']?[\\w.-]+='],
  ['lftp', '\\s(?:-u|--user)[\\s=]*[^\\s,]+,'],
  ['vault', '\\slogin\\s+(?=[^-])'],
  ['htpasswd', '\\s-\\w*b\\w*\\s+(?:\\S+\\s+)?\\S+\\s+(?=\\S+\\s*$)'],
  ['radtest', '\\s\\S+\\s+'],
  ['radtest', '\\s\\S+\\s+\\S+\\s+\\S+\\s+\\d+\\s+'],
  ['wp', '\\s[A-Z_]*(?:PASSWORD|KEY|SALT)\\s+'],
];

/** Each keeps its first group and masks the second. */
const PATTERNS: readonly RegExp[] = [
  // https://user:secret@host, also without a user or a scheme; https://token@host
  /(\/\/[^\s/:@]{0,200}:)([^\s/]{1,400})(?=@)/gi,
  /(\/\/)([\w-]{20,400})(?=@)/g,
  // --password=secret, --api-key secret, --auth-password secret
  new RegExp(`(--?${NAME}(?:=|\\s+))(${WORD})`, 'gi'),
  // PGPASSWORD=secret, password=secret in a query or a configuration, "password": "secret", 'password' => 'secret', also in quoted JSON
  new RegExp(`(\\b${NAME}\\\\?["']?\\s*(?:=>|[=:])\\s*)(\\\\"[^"\\\\]*\\\\"|${WORD})`, 'gi'),
  new RegExp(`(\\b${NAME}["']\\s*,\\s*)(${WORD})`, 'gi'),
  new RegExp(`(<${NAME}>)([^<]{1,400})`, 'gi'),
  /((?:^|[?&\s"'{,])(?:pw|sig|otp|pin|auth|key)=)([^\s'"&;|]+)/gi,
  /(\b[A-Z]{0,40}_?AUTH=)([^\s'"&;|]+)/g,
  // What says itself that a password follows: SQL, .netrc, redis.conf
  /(\b(?:password|identified\s+by)\s+)('[^']*'|"[^"]*")/gi,
  /(\b(?:login\s+\S{1,200}|connect\s+\S{1,200}|wifi\s+\S{1,200})\s+password\s+)(\S+)/gi,
  /(\b(?:requirepass|masterauth)\s+)(\S+)/gi,
  // Protocols' own words: FTP and POP3, redis, IMAP, SMTP
  /((?:^|[\n>'"]\s*)PASS\s+)([^\s'"]+)/g,
  /((?:^|[\n>'"]\s*)AUTH\s+(?:PLAIN|LOGIN|XOAUTH2|CRAM-MD5)\s+)([^\s'"]{8,})/gi,
  /((?:^|[\n>'"]\s*)AUTH\s+)(?!PLAIN|LOGIN|XOAUTH2|CRAM|DIGEST|TLS|SSL)([^\s'"\\]+)/g,
  /(\b\w{1,20}\s+LOGIN\s+\S{1,200}\s+)(\S+)/g,
  // Authorization: Bearer secret, Cookie: secret
  /(\b(?:proxy-)?authorization["']?\s*[:=]\s*(?:[a-z]+\s+)?)([^\s'",]+)/gi,
  /(\bresponse=)("[^"]{1,400}")/gi,
  /(\b(?:set-)?cookie["']?\s*:\s*)([^'"\n]+)/gi,
  /(\bbearer\s+)([\w.~+/=-]{8,})/gi,
  // curl -u user:secret, smbclient -U user%secret
  /(\s(?:-[A-Za-z]{0,8}[uU]|--(?:proxy-)?user)[\s=]*["']?[^\s:%'"]+[:%])([^\s'"]+)/g,
  // mysql -psecret, sshpass -p secret, redis-cli -a secret, swaks -ap secret
  ...PROGRAMS.map(([programs, before]) => new RegExp(`(\\b${programs}\\b[^\\n|;&]{0,400}?${before})(${WORD})`, 'g')),
  // echo secret | sudo -S
  new RegExp(
    `(\\b(?:echo|printf)\\s+(?:-\\w+\\s+)?)(${WORD})(?=\\s*\\|[^|\\n]{0,200}(?:sudo[^|\\n]{0,200}\\s-\\w*S|stdin|chpasswd))`,
    'g',
  ),
  // openssl's pass:secret
  new RegExp(`(\\bpass:)(${WORD})`, 'g'),
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)([\s\S]{0,20000}?)(?=-----END|$)/g,
  // A JSON web token; keys of AWS, GitHub, GitLab, npm, Google, SendGrid, Slack, OpenAI and Stripe by their known beginnings
  /(\b)(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/g,
  /(\b)((?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|[rs]k_(?:live|test)_\w{16,}|npm_\w{20,}|AIza[\w-]{30,}|SG\.[\w-]{10,}\.[\w-]{10,}|sk-[\w-]{20,})/g,
  /(\bhooks\.slack\.com\/services\/)([\w/-]+)/g,
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
