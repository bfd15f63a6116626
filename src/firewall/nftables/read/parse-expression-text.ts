// Parses the text of nft expressions and values into the form that nft's JSON has for them.
import { at } from '../../../at.ts';
import { type Datatype, isBitmask } from '../datatypes.ts';
import { findField } from '../fields.ts';
import { contentOf, isList, type Json } from './json.ts';
import { END, nextWord, peek, take, unquoted, type Words } from './words.ts';

/** A key such as `tcp dport`, `meta mark & 0x0000000f`, `ip saddr . tcp dport`; null where it isn't understood. */
export function parseKey(words: Words): Json | null {
  const parts = parseSequence(words, () => parseOperation(words));
  if (parts === null || parts[0] === undefined) return null;
  return parts.length === 1 ? parts[0] : { concat: parts };
}

/** What stands to the right: `25`, `80-90`, `127.0.0.0/8`, `@set`, `{ 25, 26 }`, `established,related`, `syn | ack`. */
export function parseValue(words: Words, types: readonly Datatype[]): Json | null {
  if (peek(words) === '{') return parseSet(words, types);
  const parts = parseSequence(words, () => parseConstantText(nextWord(words)));
  if (parts === null || parts[0] === undefined) return null;
  if (parts.length > 1) return { concat: parts };
  if (!isBitmask(types[0] ?? 'integer') || !take(words, '|')) return parts[0];
  const more = parseValue(words, types);
  return more === null ? null : { '|': [parts[0], ...unjoin(more)] };
}

function unjoin(json: Json): readonly Json[] {
  const list = typeof json === 'object' && json !== null && '|' in json ? json['|'] : undefined;
  return Array.isArray(list) ? list : [json];
}

/** `{ 25 : drop, 26-30 : jump mail }`, `{ 127.0.0.1 . 25, * }` */
function parseSet(words: Words, types: readonly Datatype[]): Json | null {
  nextWord(words);
  const elements: Json[] = [];
  while (!take(words, '}')) {
    const value = parseValue(words, types);
    const key = value === null ? null : parseElementOptions(words, value);
    if (key === null) return null;
    const data = take(words, ':') ? parseData(words) : undefined;
    if (data === null) return null;
    // A variable that holds a set may stand among the elements of another.
    const inner = data === undefined ? contentOf(key, 'set') : undefined;
    if (isList(inner)) elements.push(...inner);
    else elements.push(data === undefined ? key : [key, data]);
    if (!take(words, ',') && peek(words) !== '}') return null;
  }
  return { set: elements };
}

const ENDS_ELEMENT: readonly string[] = [',', '}', ':', END];

/** `10.0.0.1 timeout 1h expires 5m comment "x"`, `25 limit rate 5/minute` */
function parseElementOptions(words: Words, val: Json): Json | null {
  const options: Record<string, Json> = {};
  for (;;) {
    const word = peek(words);
    if (ENDS_ELEMENT.includes(word)) return Object.keys(options).length === 0 ? val : { elem: { val, ...options } };
    nextWord(words);
    if (['timeout', 'expires', 'comment'].includes(word)) options[word] = nextWord(words);
    else if (word === 'counter') words.at += peek(words) === 'packets' ? 4 : 0;
    else if (word === 'limit' || word === 'quota' || word === 'ct') {
      options[word === 'ct' ? 'ct count' : word] = {};
      while (!ENDS_ELEMENT.includes(peek(words))) nextWord(words);
    } else return null;
  }
}

function parseData(words: Words): Json | null {
  return parseVerdictText(words) ?? parseValue(words, []);
}

/** `accept`, `jump mail`; null (and no word taken) for anything else. */
export function parseVerdictText(words: Words): Json | null {
  const word = peek(words);
  if (['accept', 'drop', 'return', 'continue'].includes(word)) {
    nextWord(words);
    return { [word]: null };
  }
  const target = peek(words, 1);
  if ((word !== 'jump' && word !== 'goto') || target === END || target === '{') return null;
  words.at += 2;
  return { [word]: { target } };
}

function parseSequence(words: Words, parse: () => Json | null): Json[] | null {
  const parts: Json[] = [];
  do {
    const part = parse();
    if (part === null) return null;
    parts.push(part);
  } while (take(words, '.'));
  return parts;
}

/** A field with masks: `(meta mark & 0x0f) << 2`. nft writes the operators from the tightest outwards. */
function parseOperation(words: Words): Json | null {
  let left = take(words, '(') ? closed(parseOperation(words), words) : parseField(words);
  while (left !== null) {
    const operator = peek(words);
    if (!['&', '|', '^', '<<', '>>'].includes(operator)) return left;
    nextWord(words);
    const right = take(words, '(') ? parseBits(words) : parseConstantText(nextWord(words));
    left = right === null ? null : { [operator]: [left, right] };
  }
  return null;
}

/** `fin | syn )` */
function parseBits(words: Words): Json | null {
  const bits: Json[] = [];
  do {
    const bit = parseConstantText(nextWord(words));
    if (bit === null) return null;
    bits.push(bit);
  } while (take(words, '|'));
  return closed(bits.length === 1 ? at(bits, 0) : { '|': bits }, words);
}

function closed(json: Json | null, words: Words): Json | null {
  return take(words, ')') ? json : null;
}

/** nft takes these without `meta`, and prints some of them so. */
const BARE_META = [
  ...['iif', 'oif', 'iifname', 'oifname', 'iifgroup', 'oifgroup', 'iiftype', 'oiftype'],
  ...['skuid', 'skgid', 'mark', 'pkttype', 'cpu', 'cgroup', 'rtclassid'],
];

function parseField(words: Words): Json | null {
  const word = nextWord(words);
  if (BARE_META.includes(word)) return { meta: { key: word } };
  if (word === 'meta') return readable({ meta: { key: nextWord(words) } });
  if (word === 'ct') return parseConntrackField(words);
  if (word === 'fib') return parseFib(words);
  if (word === 'exthdr') return { exthdr: { name: nextWord(words) } };
  if (word === 'tcp' && take(words, 'option')) return parseTcpOption(words);
  const raw = /^@(ll|nh|th|ih),(\d+),(\d+)$/.exec(word);
  if (raw !== null) return { payload: { base: at(raw, 1), offset: Number(raw[2]), len: Number(raw[3]) } };
  return /^[a-z][a-z0-9]*$/.test(word) ? readable({ payload: { protocol: word, field: nextWord(words) } }) : null;
}

/** Only fields that are known by name: with others, where the expression ends can't be told. */
function readable(json: Json): Json | null {
  const found = findField(json);
  return found === null || (found.field === null && found.type === 'integer') ? null : json;
}

function parseConntrackField(words: Words): Json | null {
  const direction = peek(words) === 'original' || peek(words) === 'reply' ? nextWord(words) : undefined;
  const family = peek(words) === 'ip' || peek(words) === 'ip6' ? `${nextWord(words)} ` : '';
  const key = `${family}${nextWord(words)}`;
  return readable({ ct: direction === undefined ? { key } : { key, dir: direction } });
}

function parseFib(words: Words): Json | null {
  const flags: string[] = [];
  do flags.push(nextWord(words));
  while (take(words, '.'));
  return { fib: { result: nextWord(words), flags } };
}

function parseTcpOption(words: Words): Json | null {
  const name = nextWord(words);
  if (peek(words) === 'exists' || peek(words) === 'missing') return { 'tcp option': { name } };
  return { 'tcp option': { name, field: nextWord(words) } };
}

/** One constant as nft's JSON has it. */
function parseConstantText(word: string): Json | null {
  if (word === END || /^[{}(),:|&^/]$/.test(word)) return null;
  if (word === 'exists' || word === 'missing') return word === 'exists';
  const text = unquoted(word);
  if (text !== null) return text.includes('"-"') ? { range: text.split('"-"') } : text;
  const list = word.includes(',') ? word.split(',').map(simple) : null;
  if (list !== null) return list;
  const range = /^([0-9a-f.:x]*[0-9:][0-9a-f.:x]*)-([0-9a-f.:x]*[0-9:][0-9a-f.:x]*)$/i.exec(word);
  if (range !== null) return { range: [simple(at(range, 1)), simple(at(range, 2))] };
  const prefix = /^([0-9a-f.:x]+)\/(\d+)$/i.exec(word);
  if (prefix !== null) return { prefix: { addr: simple(at(prefix, 1)), len: Number(prefix[2]) } };
  return simple(word);
}

function simple(word: string): Json {
  return /^(\d+|0x[0-9a-f]+)$/i.test(word) ? Number(word) : word;
}
