// Parses the text of an nft rule, as nft prints it, into the statements that nft's JSON has for it.
import { at } from '../../../at.ts';
import { type Datatype, isBitmask } from '../datatypes.ts';
import { typesOf } from '../types.ts';
import { parseDuration } from '../values.ts';
import type { Json, JsonList, JsonRecord } from './json.ts';
import { parseKey, parseValue, parseVerdictText } from './parse-expression-text.ts';
import {
  END,
  isCutOff,
  nameOf,
  nextWord,
  numberOfWord,
  peek,
  splitRuleWords,
  take,
  unquoted,
  type Words,
} from './words.ts';

/** `tcp dport { 25, 26 } ct state new log prefix "mail " drop` → its statements; null where a part isn't understood, or is cut off. */
export function parseRuleText(text: string): JsonList | null {
  const words = splitRuleWords(text);
  const statements: Json[] = [];
  while (peek(words) !== END) {
    if (take(words, 'comment')) nextWord(words);
    else {
      const statement = parseStatement(words);
      if (statement === null) return null;
      statements.push(statement);
    }
  }
  return isCutOff(words) ? null : statements;
}

function parseStatement(words: Words): Json | null {
  const verdict = parseVerdictText(words);
  if (verdict !== null) return verdict;
  const parse = PARSERS[peek(words)];
  if (parse !== undefined) {
    nextWord(words);
    return parse(words);
  }
  if (take(words, 'meta', 'nftrace', 'set'))
    return { mangle: { key: { meta: { key: 'nftrace' } }, value: numberOfWord(nextWord(words)) } };
  const object = ['helper', 'timeout'].find((kind) => take(words, 'ct', kind, 'set'));
  if (object !== undefined) return { [`ct ${object}`]: nameOf(nextWord(words)) };
  return take(words, 'ct', 'count') ? parseConnectionCount(words) : parseMatch(words);
}

const PARSERS: Partial<Record<string, (words: Words) => Json | null>> = {
  notrack: () => ({ notrack: null }),
  counter: parseCounter,
  log: parseLog,
  limit: parseLimit,
  quota: parseQuota,
  reject: parseReject,
  queue: parseQueue,
  dnat: (words) => parseNat('dnat', words),
  snat: (words) => parseNat('snat', words),
  masquerade: (words) => parseNat('masquerade', words),
  redirect: (words) => parseNat('redirect', words),
  add: (words) => parseSetStatement('add', words),
  update: (words) => parseSetStatement('update', words),
  delete: (words) => parseSetStatement('delete', words),
  xt: parseStub,
  reset: (words) => (take(words, 'tcp', 'option') ? { reset: { 'tcp option': { name: nextWord(words) } } } : null),
};

const NAT_FLAGS = ['random', 'fully-random', 'persistent'];

/** `dnat ip to 127.0.0.1:8080`, `redirect to :8080`, `snat to 10.0.0.1-10.0.0.9 random`, `masquerade`; a map is not understood. */
function parseNat(name: string, words: Words): Json | null {
  const nat: Record<string, Json> = {};
  const family = ['ip', 'ip6'].find((one) => take(words, one));
  if (family !== undefined) nat.family = family;
  if (take(words, 'to')) {
    const [, address, port] =
      /^(\[[^\]]+\]|[\d.]+(?:-[\d.]+)?|[0-9a-f]*:[0-9a-f:]+:[0-9a-f:.]*(?:-[0-9a-f:.]+)?)?(?::([\d-]+))?$/.exec(
        nextWord(words),
      ) ?? [];
    if (address === undefined && port === undefined) return null;
    if (address !== undefined) nat.addr = ends(address.replace(/[[\]]/g, ''));
    if (port !== undefined) nat.port = ends(port);
  }
  const flags: string[] = [];
  while (
    peek(words)
      .split(',')
      .every((flag) => NAT_FLAGS.includes(flag))
  ) {
    flags.push(...nextWord(words).split(','));
    take(words, ',');
  }
  return {
    [name]: Object.keys(nat).length + flags.length === 0 ? null : { ...nat, ...(flags.length === 0 ? {} : { flags }) },
  };
}

const ends = (text: string): Json => {
  const [first = '', last] = text.split('-').map((end) => numberOfWord(end) ?? end);
  return last === undefined ? first : { range: [first, last] };
};

/** `add @seen { ip saddr timeout 1h limit rate over 5/minute }` */
function parseSetStatement(op: string, words: Words): Json | null {
  const set = nextWord(words);
  if (!set.startsWith('@') || !take(words, '{')) return null;
  const key = parseKey(words);
  const stmt: Json[] = [];
  let timeout: number | null = null;
  while (key !== null && !take(words, '}')) {
    if (take(words, 'timeout')) {
      timeout = parseDuration(nextWord(words));
      if (timeout === null) return null;
    } else if (take(words, 'expires')) nextWord(words);
    else {
      const inner = parseStatement(words);
      if (inner === null) return null;
      stmt.push(inner);
    }
  }
  const elem = timeout === null ? key : { elem: { val: key, timeout } };
  return elem === null ? null : { set: { op, elem, set, ...(stmt.length === 0 ? {} : { stmt }) } };
}

/** `xt match string`: what only iptables can print. */
function parseStub(words: Words): Json | null {
  const type = nextWord(words);
  const name = nextWord(words);
  return (type === 'match' || type === 'target') && name !== END
    ? { xt: { type, name: unquoted(name) ?? name } }
    : null;
}

/** A match, a verdict map, or a field that is set: all three begin with an expression. */
function parseMatch(words: Words): Json | null {
  const left = parseKey(words);
  if (left === null) return null;
  const types = typesOf(left);
  if (take(words, 'vmap')) {
    const data = parseValue(words, types);
    return data === null ? null : { vmap: { key: left, data } };
  }
  if (take(words, 'set')) {
    const value = parseSettable(words, types);
    return value === null ? null : { mangle: { key: left, value } };
  }
  const explicit = ['==', '!=', '<', '>', '<=', '>=', '!'].find((operator) => take(words, operator));
  const right = parseValue(words, types);
  if (right === null) return null;
  return take(words, '/') ? parseMasked(words, left, right, explicit, types) : matchOf(left, right, explicit, types);
}

function matchOf(left: Json, right: Json, explicit: string | undefined, [type = 'integer']: readonly Datatype[]): Json {
  const op = explicit ?? (isBitmask(type) && (typeof right === 'string' || Array.isArray(right)) ? 'in' : '==');
  return { match: { op, left, right } };
}

/** `tcp flags syn / fin,syn,rst,ack` */
function parseMasked(
  words: Words,
  left: Json,
  right: Json,
  explicit: string | undefined,
  types: readonly Datatype[],
): Json | null {
  const mask = parseValue(words, types);
  return mask === null ? null : { match: { op: explicit ?? '==', left: { '&': [left, mask] }, right } };
}

/** A constant or another field. */
function parseSettable(words: Words, types: readonly Datatype[]): Json | null {
  const start = words.at;
  const key = parseKey(words);
  if (key !== null && take(words, 'map')) {
    const data = parseValue(words, typesOf(key));
    return data === null ? null : { map: { key, data } };
  }
  if (key !== null) return key;
  words.at = start;
  return parseValue(words, types);
}

function parseCounter(words: Words): Json {
  if (take(words, 'name')) return { counter: nameOf(nextWord(words)) };
  if (take(words, 'packets')) words.at += 3;
  return { counter: null };
}

function parseConnectionCount(words: Words): Json | null {
  const inv = take(words, 'over');
  const val = numberOfWord(nextWord(words));
  return val === null ? null : { 'ct count': { val, inv } };
}

/** `log prefix "mail: " level info flags skuid`, `log group 5`; null where a value is none that it can have. */
function parseLog(words: Words): Json | null {
  const log: Record<string, Json> = {};
  const flags: string[] = [];
  for (;;) {
    if (take(words, 'prefix')) log.prefix = nameOf(nextWord(words));
    else if (take(words, 'level')) log.level = nextWord(words);
    else if (take(words, 'flags')) flags.push(...parseLogFlags(words));
    else {
      const name = ['group', 'snaplen', 'queue-threshold'].find((one) => take(words, one));
      if (name === undefined) break;
      log[name] = numberOfWord(nextWord(words));
    }
  }
  if (Object.values(log).includes(null)) return null;
  return { log: flags.length === 0 ? log : { ...log, flags } };
}

function parseLogFlags(words: Words): string[] {
  const flag = nextWord(words);
  if (flag === 'ip') return [`ip ${nextWord(words)}`];
  return flag === 'tcp'
    ? nextWord(words)
        .split(',')
        .map((one) => `tcp ${one}`)
    : [flag];
}

/** `rate over 10/second burst 20 packets`, `rate 10 kbytes/second burst 5 kbytes`, `name "mail"` */
function parseLimit(words: Words): Json | null {
  if (take(words, 'name')) return named('limit', words);
  if (!take(words, 'rate')) return null;
  const inv = take(words, 'over');
  const rate = /^(\d+)(?:\/(\w+))?$/.exec(nextWord(words));
  const unit = rate?.[2] === undefined ? /^(\w+)\/(\w+)$/.exec(nextWord(words)) : null;
  const per = rate?.[2] ?? unit?.[2];
  if (rate === null || per === undefined) return null;
  const limit: JsonRecord = { rate: Number(rate[1]), per, inv };
  const units: JsonRecord = unit === null ? {} : { rate_unit: at(unit, 1) };
  if (!take(words, 'burst')) return { limit: { ...limit, ...units, burst: unit === null ? 5 : 0 } };
  const burst = numberOfWord(nextWord(words));
  return burst === null ? null : { limit: { ...limit, ...units, burst, burst_unit: nextWord(words) } };
}

/** One of the table's own, by its name. */
function named(kind: 'limit' | 'quota', words: Words): Json | null {
  const name = nameOf(nextWord(words));
  return name === null ? null : { [kind]: name };
}

/** `over 25 mbytes used 3 kbytes`, `name "mail"` */
function parseQuota(words: Words): Json | null {
  if (take(words, 'name')) return named('quota', words);
  const inv = take(words, 'over');
  const val = numberOfWord(nextWord(words));
  const unit = nextWord(words);
  if (val === null) return null;
  const quota = { val, val_unit: unit, inv };
  if (!take(words, 'used')) return { quota };
  const used = numberOfWord(nextWord(words));
  return used === null ? null : { quota: { ...quota, used, used_unit: nextWord(words) } };
}

/** `reject`, `reject with tcp reset`, `reject with icmpx admin-prohibited` (older nft: `with icmpx type …`) */
function parseReject(words: Words): Json | null {
  if (!take(words, 'with')) return { reject: null };
  if (take(words, 'tcp', 'reset')) return { reject: { type: 'tcp reset' } };
  const type = nextWord(words);
  take(words, 'type');
  const code = nextWord(words);
  return code === END ? null : { reject: { type, expr: numberOfWord(code) ?? code } };
}

function parseQueue(words: Words): Json | null {
  if (take(words, 'num')) {
    const num = parseValue(words, []);
    const flags = (['bypass', 'fanout'] as const).filter((flag) => take(words, flag) || take(words, ',', flag));
    return num === null ? null : { queue: { num, ...(flags.length === 0 ? {} : { flags: [...flags] }) } };
  }
  const flags = take(words, 'flags') ? nextWord(words).split(',') : [];
  if (!take(words, 'to')) return { queue: flags.length === 0 ? null : { flags } };
  const num = parseValue(words, []);
  return num === null ? null : { queue: { num, flags } };
}
