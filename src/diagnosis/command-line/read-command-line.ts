// What a command line says of where it goes: the places that its words name, the files that it is told to read, and the user it runs as.
import { distinctEndpoints, type Endpoint, parsePortNumber } from './endpoint.ts';
import { findInText } from './find-in-text.ts';
import { type Client, findClient } from './programs.ts';
import { splitCommandLine } from './split-command-line.ts';
import { unwrapCommand } from './unwrap-command.ts';

/** `named` are places that the words name; `assumed` where such a program goes when they name none. */
export type CommandReading = {
  readonly named: readonly Endpoint[];
  readonly assumed: readonly Endpoint[];
  /** Files that may say more: configurations, scripts. */
  readonly files: readonly string[];
  /** A name or a number; null: whoever runs the line. */
  readonly user: string | null;
  /** Part of it runs in another network namespace, where this one's rules say nothing. */
  readonly elsewhere: boolean;
};

const NOTHING: CommandReading = { named: [], assumed: [], files: [], user: null, elsewhere: false };

/** Lines inside lines are followed so far. */
const DEEPEST = 4;

/** Options as they were given, short ones by their letter, and the words that are none. */
const readOptions = (words: readonly string[], { host, portOption, values }: Client) => {
  const takes = new Set([...values, ...host, ...portOption]);
  const options: (readonly [name: string, value: string])[] = [];
  const operands: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const long = /^--([\w-]+)(?:=(.*))?$/s.exec(word);
    if (long !== null) {
      const [, name = '', value] = long;
      const isNext = value === undefined && takes.has(name);
      options.push([name, value ?? (isNext ? (words[at + 1] ?? '') : '')]);
      if (isNext) at += 1;
    } else if (/^-[^-]/.test(word)) {
      const letter = [...word.slice(1)].findIndex((one) => takes.has(one));
      if (letter < 0) for (const one of word.slice(1)) options.push([one, '']);
      else {
        const glued = word.slice(letter + 2);
        options.push([word[letter + 1] ?? '', glued === '' ? (words[at + 1] ?? '') : glued]);
        if (glued === '') at += 1;
      }
    } else operands.push(word);
  }
  return { options, operands };
};

/** `user@host`, `host:path`, `[::1]` without what is not the host. */
const bareHost = (word: string): string =>
  word
    .replace(/^[^@/]*@/, '')
    .replace(/^\[([^\]]*)\].*$/, '$1')
    .replace(/^([^:/]+)[:/].*$/, '$1');

const isHost = (word: string): boolean => /^(?:[\w.-]+|[\da-f.]*:[\da-f.]*:[\da-f:.]*)$/i.test(word);

/** Host and port as the words without an option say them. */
const fromOperands = ({ positional }: Client, operands: readonly string[]): { host?: string; port?: number | null } => {
  const [first, second] = operands;
  switch (positional) {
    case 'none':
      return {};
    case 'host':
      return first === undefined ? {} : { host: first };
    case 'host-port':
      return first === undefined ? {} : { host: bareHost(first), port: parsePortNumber(second) };
    case 'user-host': {
      const target = operands.find((word) => word.includes('@') || /^[\w.-]+:/.test(word)) ?? first;
      return target === undefined ? {} : { host: bareHost(target) };
    }
    case 'url':
      return first === undefined ||
        first.includes('://') ||
        !/^(localhost|\[|[\d.]+$|[\d.]+[:/]|[\w-]+\.[\w.-]+)/.test(first)
        ? {}
        : {
            host: bareHost(first),
            ...(/^(?:\[[^\]]*\]|[^:/]*):(\d+)/.test(first)
              ? { port: parsePortNumber(/:(\d+)(?:\/|$)/.exec(first)?.[1]) }
              : {}),
          };
    case 'at-server': {
      const server = operands.find((word) => word.startsWith('@'))?.slice(1) ?? second;
      return server === undefined ? {} : { host: server };
    }
  }
};

const readClient = (
  program: string,
  args: readonly string[],
  client: Client,
): Pick<CommandReading, 'named' | 'assumed'> => {
  const { options, operands } = readOptions(args, client);
  const optionOf = (names: readonly string[]) =>
    options.findLast(([name, value]) => names.includes(name) && value !== '')?.[1];
  const positional = fromOperands(client, operands);
  const host = optionOf(client.host) ?? positional.host;
  const port = parsePortNumber(optionOf(client.portOption)) ?? positional.port ?? client.port;
  const isUdp = /^(nc|ncat|netcat)/.test(program) && options.some(([name]) => name === 'u');
  const protocol = isUdp ? 'udp' : client.protocol;
  if (protocol !== 'icmp' && port === null) return { named: [], assumed: [] };
  const at = (name: string): Endpoint[] => [
    { host: name.toLowerCase(), port: protocol === 'icmp' ? null : port, protocol },
  ];
  if (host !== undefined)
    return { named: isHost(host) && !client.socketHosts.includes(host) ? at(host) : [], assumed: [] };
  return { named: [], assumed: client.fallback === null ? [] : at(client.fallback) };
};

const PATH =
  /^(?:-[A-Za-z]|--?[\w-]+=)?(~?\/[\w.+@/-]+|(?:[\w.+-]+\/)*[\w+-]+\.(?:conf|cnf|cfg|cf|ini|ya?ml|json|env|properties|toml|xml|php|py|pl|rb|sh|js|rc))$/;

const isProgramPath = (path: string): boolean => /^\/(?:usr\/)?(?:local\/)?s?bin\/|^\/(?:dev|proc|sys)\//.test(path);

const filesIn = (words: readonly string[]): string[] =>
  words.flatMap((word) => {
    const path = PATH.exec(word)?.[1];
    return path === undefined || isProgramPath(path) ? [] : [path];
  });

const readWords = (words: readonly string[], depth: number): CommandReading => {
  const { words: inner, line, user, elsewhere } = unwrapCommand(words);
  const nested = line === null ? NOTHING : readLine(line, depth + 1);
  const [program = '', ...args] = inner;
  const client = findClient(program);
  const byOptions = client === null ? NOTHING : readClient(program.slice(program.lastIndexOf('/') + 1), args, client);
  const byText = line === null ? inner.flatMap(findInText) : [];
  return {
    named: [...byOptions.named, ...byText, ...nested.named],
    assumed: byText.length > 0 ? nested.assumed : [...byOptions.assumed, ...nested.assumed],
    files: [...(line === null ? filesIn(inner) : []), ...nested.files],
    user: nested.user ?? user,
    elsewhere: elsewhere || nested.elsewhere,
  };
};

const readLine = (line: string, depth: number): CommandReading => {
  if (depth > DEEPEST) return NOTHING;
  const parts = splitCommandLine(line).map((words) => readWords(words, depth));
  const named = distinctEndpoints(parts.flatMap((part) => part.named));
  return {
    named,
    assumed: named.length > 0 ? [] : distinctEndpoints(parts.flatMap((part) => part.assumed)),
    files: [...new Set(parts.flatMap((part) => part.files))],
    user: parts.map((part) => part.user).findLast((user) => user !== null) ?? null,
    elsewhere: parts.some((part) => part.elsewhere),
  };
};

/** Reads a command line as a shell would run it. Nothing in it is run. */
export const readCommandLine = (line: string): CommandReading => readLine(line, 0);
