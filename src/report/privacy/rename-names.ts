// Renames hosts and users: those that are known, and those that a text shows to be one.
import type { Known } from './rename.ts';
import { isMeaningful } from './rule-words.ts';

/** `mail.example.org`; what only looks like one is a file, a setting of the kernel, or a version. */
const DOTTED = /(?<![\w./@:-]|[^/]\/)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?![\w-]|\.\w)/gi;
const BEHIND = /(?<=\/\/(?:[^\s/@]*@)?|@)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?![\w-]|\.\w)/gi;
const NO_HOST =
  /\.(?:log|conf|md|sh|json|html?|rules|nft|service|timer|socket|target|path|mount|so|php|py|pl|js|ts|txt|gz|xml|before|after|ipset|before|prom|sarif|cfg|d|pid|sock)$|^(?:net|kernel|vm|fs|lo-doctor|localhost)\./i;

/** Where a host's name stands whatever it is: behind the time of a log line. */
const IN_LOG = /(?<=\b\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)? )[\w.-]+(?= kernel:)/g;

/** Where a user's name stands whatever it is: before the host of a mail address, in a home, behind an option. */
const USERS: readonly RegExp[] = [
  /(?<=\/home\/)[\w.-]+/g,
  /(?<![\w.-])[\w.+-]{1,64}(?=@(?:[a-z0-9-]+\.)*[a-z0-9-]+)/gi,
  /(?<=\b(?:sudo|su|runuser)\b[^|;&\n]{0,40} -u )[a-z_][\w-]*/g,
  /(?<=--[ug]id-owner )[a-z_][\w-]*/g,
];

/** Accounts that every server has say nothing about one. */
const USUAL = new Set(
  'root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc nobody postfix mysql postgres redis apache nginx postmaster systemd'.split(
    ' ',
  ),
);

const escaped = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const isTelling = (name: string): boolean => !/^[\d.:]+$/.test(name) && !isMeaningful(name) && !USUAL.has(name);

const found = (texts: readonly string[], patterns: readonly RegExp[]): string[] => [
  ...new Set(texts.flatMap((text) => patterns.flatMap((pattern) => text.match(pattern) ?? []))),
];

/** `host1`, `host2` …, none that the texts have already. */
const inventNames = (texts: readonly string[], word: string) => {
  const names = new Map<string, string>();
  let last = 0;
  return (name: string): string => {
    const known = names.get(name.toLowerCase());
    if (known !== undefined) return known;
    do last += 1;
    while (texts.some((text) => text.includes(`${word}${last}`)));
    names.set(name.toLowerCase(), `${word}${last}`);
    return `${word}${last}`;
  };
};

/** The renaming of names in texts that belong together. */
export const createNameRenaming = (texts: readonly string[], { hosts, users }: Known): ((text: string) => string) => {
  const host = inventNames(texts, 'host');
  const user = inventNames(texts, 'user');
  const isHost = (name: string) => !NO_HOST.test(name);
  const dotted = found(texts, [DOTTED, BEHIND]).filter(isHost);
  const named = [...hosts, ...dotted, ...found(texts, [IN_LOG])];
  const people = [...users, ...found(texts, USERS)].filter((name) => isTelling(name));
  const whole = (name: string) => new RegExp(`(?<![A-Za-z0-9])${escaped(name)}(?![A-Za-z0-9])`, 'g');
  const longestFirst = (one: string, other: string) => other.length - one.length;
  const words: readonly (readonly [RegExp, string])[] = [
    ...[...new Set(named)]
      .filter(isTelling)
      .toSorted(longestFirst)
      .map((name) => [whole(name), host(name)] as const),
    ...[...new Set(people)].toSorted(longestFirst).map((name) => [whole(name), user(name)] as const),
  ];
  return (text) => words.reduce((rest, [pattern, name]) => rest.replace(pattern, name), text.replace(IN_LOG, host));
};
