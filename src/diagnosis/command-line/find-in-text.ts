// Places in text that nobody has structured: a word of a command line, a program's code, a file, an error message.
import { findServicePort } from '../../log/conversations/services.ts';
import { distinctEndpoints, type Endpoint, parsePortNumber } from './endpoint.ts';

const IPV4 = '\\d{1,3}(?:\\.\\d{1,3}){3}';
const NAME = 'localhost|(?:[a-z0-9_-]+\\.)+[a-z][a-z0-9-]*';
const HOST = `(${IPV4}|${NAME})`;
const IPV6 = '\\[?([\\da-f]*:[\\da-f:]*:[\\da-f:.]*)\\]?';

/** Ports by the word for what speaks there, in a scheme, a function or a key. The first that fits counts. */
const WORDS: readonly (readonly [RegExp, number])[] = [
  [/^https|^wss/i, 443],
  [/^smtps|smtp_ssl/i, 465],
  [/^imaps|imap4_ssl/i, 993],
  [/^ldaps/i, 636],
  [/^amqps/i, 5671],
  [/^rediss?|redis|valkey/i, 6379],
  [/mysql|maria/i, 3306],
  [/^pgsql|postgres|psycopg|^pg_/i, 5432],
  [/mongo/i, 27_017],
  [/^amqp|rabbit/i, 5672],
  [/memcache/i, 11_211],
  [/smtp/i, 25],
  [/imap/i, 143],
  [/^s?ftp|ftp_connect/i, 21],
  [/^http|^ws$|httpconnection/i, 80],
  [/ldap/i, 389],
  [/ssh/i, 22],
];

/** The port that goes with a scheme or a program's word for it; null where none is known. */
export const portOfWord = (word: string): number | null =>
  WORDS.find(([pattern]) => pattern.test(word))?.[1] ?? findServicePort(word.toLowerCase());

const FILE =
  /\.(?:py|php|phtml|js|mjs|ts|java|c|cc|cpp|h|rb|pl|pm|sh|go|rs|log|conf|cnf|cfg|ini|txt|xml|html?|json|ya?ml|so|jar|class)$/i;

type Found = readonly [host: string | undefined, port: number | null, protocol?: Endpoint['protocol']];

/** One pattern, and what its groups mean. */
type Shape = { readonly pattern: RegExp; readonly read: (groups: readonly (string | undefined)[]) => Found };

const SHAPES: readonly Shape[] = [
  // http://user@host:80/, jdbc:mysql://host/db
  {
    pattern: /\b([a-z][a-z0-9+.-]*):\/\/(?:[^\s/@"'<>]*@)?(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d+))?/gi,
    read: ([scheme = '', ip6, host, port]) => [
      ip6 ?? host,
      parsePortNumber(port) ?? portOfWord(scheme),
      scheme.toLowerCase() === 'udp' ? 'udp' : 'tcp',
    ],
  },
  {
    pattern: /\/dev\/(tcp|udp)\/([^\s/"'`;]+)\/(\d+)/g,
    read: ([protocol, host, port]) => [host, parsePortNumber(port), protocol === 'udp' ? 'udp' : 'tcp'],
  },
  // localhost:25, [::1]:25, "localhost" (127.0.0.1), port 5432, connect to host x port 22, ('127.0.0.1', 53)
  {
    pattern: new RegExp(
      `(?<![\\w./:@-])(?:[\\w.+-]+@)?${HOST}["')\\]]*(?::|,? +port:? *|["'] *, *|, *)(\\d{1,5})(?!\\w|[.:,-]\\w)`,
      'gi',
    ),
    read: ([host, port]) => [host, parsePortNumber(port)],
  },
  {
    pattern: new RegExp(
      `(?<![\\w:.])${IPV6}["')]*(?:(?<=\\]):|,? +port:? *|["'] *, *)(\\d{1,5})(?!\\w|[.:,-]\\w)`,
      'gi',
    ),
    read: ([host, port]) => [host, parsePortNumber(port)],
  },
  // SMTP("localhost"), mysqli('127.0.0.1', 'user'), HTTPConnection("localhost")
  {
    pattern: new RegExp(`\\b(\\w+)\\(\\s*["'](?:${HOST}|([\\da-f:]*:[\\da-f:.]+))["']\\s*[,)](?!\\s*\\d)`, 'gi'),
    read: ([word = '', host, ip6]) => [host ?? ip6, portOfWord(word)],
  },
  // mysql:host=127.0.0.1;port=3306, host=localhost port=5432, redis.Redis(host='127.0.0.1')
  {
    pattern: new RegExp(
      `(?:\\b(\\w+)[:(.] ?)?\\b(?:host|hostaddr|hostname|server)["']? ?[=:] ?["']?(?:${HOST}|([\\da-f:]*:[\\da-f:.]+))["']?(?:[;, ]+["']?port["']? ?[=:] ?["']?(\\d+))?`,
      'gi',
    ),
    read: ([word = '', host, ip6, port]) => [host ?? ip6, parsePortNumber(port) ?? portOfWord(word)],
  },
];

/** The places that a text names together with a port, or with a word that means one. */
export const findInText = (text: string): Endpoint[] =>
  distinctEndpoints(
    SHAPES.flatMap(({ pattern, read }) =>
      [...text.matchAll(pattern)].flatMap(([, ...groups]): Endpoint[] => {
        const [host, port, protocol = 'tcp'] = read(groups);
        if (host === undefined || port === null || FILE.test(host)) return [];
        return [{ host: host.toLowerCase(), port, protocol }];
      }),
    ),
  );
