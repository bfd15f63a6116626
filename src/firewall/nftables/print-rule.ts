// Prints the statements of a rule as `nft -s list ruleset` does (-s: without the counters' numbers).
import type { Family } from '../model/model.ts';
import { type Datatype, isBitmask } from './datatypes.ts';
import { inNftQuotes, printDuration, printExpression, printParts, printSet } from './print-expression.ts';
import { contentOf, isList, isRecord, type Json, type JsonList, listOf, soleEntry, stringAt } from './read/json.ts';
import { withoutCounts } from './read/parse-anonymous-chain.ts';
import { typeOf, typesOf } from './types.ts';

/** The text of a rule's statements and comment, on one line. */
export function printRule(statements: JsonList, comment: string | null, family: Family): string {
  const words = statements.map((statement) => printStatement(statement, family));
  if (comment !== null) words.push(`comment ${inNftQuotes(comment)}`);
  return words.join(' ');
}

/** The text of one statement: `{"match": …}` → `tcp dport 25`. */
export function printStatement(statement: Json, family: Family): string {
  if (typeof statement === 'string') return printText(statement);
  const entry = soleEntry(statement);
  if (entry === null) return JSON.stringify(statement);
  const [name, content] = entry;
  const print = PRINTERS[name];
  if (print !== undefined) return print(content, family);
  return content === null ? name : `${name} ${printAny(content)}`;
}

/** A chain that stands in a rule, on one line. */
function printText(text: string): string {
  const [head = '', ...lines] = withoutCounts(text)
    .trim()
    .split(/\s*\n\s*/);
  return lines.length === 0 ? head : `${head} ${lines.slice(0, -1).join('; ')} ${lines.at(-1)}`;
}

const PRINTERS: Partial<Record<string, (content: Json, family: Family) => string>> = {
  match: printMatch,
  vmap: (content) => {
    const key = contentOf(content, 'key') ?? null;
    return `${printParts(key, typesOf(key))} vmap ${printSet(contentOf(content, 'data') ?? null, typesOf(key))}`;
  },
  mangle: (content) => {
    const key = contentOf(content, 'key') ?? null;
    return `${printExpression(key)} set ${printExpression(contentOf(content, 'value') ?? null, typeOf(key))}`;
  },
  jump: (content) => `jump ${stringAt(content, 'target')}`,
  goto: (content) => `goto ${stringAt(content, 'target')}`,
  counter: (content) => printObject('counter', content, () => 'counter'),
  limit: (content) => printObject('limit', content, printLimit),
  quota: (content) => printObject('quota', content, printQuota),
  synproxy: (content) => printObject('synproxy', content, printSynproxy),
  log: printLog,
  reject: printReject,
  queue: printQueue,
  snat: (content) => printNat('snat', content),
  dnat: (content) => printNat('dnat', content),
  masquerade: (content) => printNat('masquerade', content),
  redirect: (content) => printNat('redirect', content),
  tproxy: (content) => printNat('tproxy', content),
  set: printSetStatement,
  map: printSetStatement,
  meter: printMeter,
  'ct count': (content) => `ct count ${overIf(content)}${contentOf(content, 'val')}`,
  'ct helper': (content) => printReference('ct helper', content),
  'ct timeout': (content) => printReference('ct timeout', content),
  'ct expectation': (content) => printReference('ct expectation', content),
  dup: printDup,
  fwd: printForward,
  flow: (content) => `flow ${stringAt(content, 'op')} ${stringAt(content, 'flowtable')}`,
  reset: (content) => `reset ${printExpression(content)}`,
  last: () => 'last',
  xt: (content) => `xt ${stringAt(content, 'type')} ${inNftQuotes(`${stringAt(content, 'name')}`)}`,
};

function printAny(content: Json): string {
  return typeof content === 'string' ? inNftQuotes(content) : printExpression(content);
}

function printMatch(content: Json): string {
  const left = contentOf(content, 'left') ?? null;
  const right = contentOf(content, 'right') ?? null;
  const op = stringAt(content, 'op') ?? '==';
  const masked = contentOf(left, '&');
  if (
    isList(masked) &&
    (isList(masked[1]) || contentOf(masked[1], '|') !== undefined) &&
    (op === '==' || op === '!=')
  ) {
    return printFlags(masked, op, right);
  }
  const types = typesOf(left);
  const [type = 'integer'] = types;
  const isSet = isRecord(right) && 'set' in right;
  const value = isSet
    ? printSet(right, types)
    : types.length > 1
      ? printParts(right, types)
      : printExpression(right, type);
  const operator = op === '==' && !needsEquals(left, right, type) ? '' : op === 'in' ? '' : `${op} `;
  return `${printParts(left, types)} ${operator}${value}`;
}

/** `tcp flags syn / fin,syn,rst,ack`. */
function printFlags(masked: JsonList, op: string, right: Json): string {
  const [left = null, mask = null] = masked;
  const type = typeOf(left);
  const list = (json: Json) => printExpression(contentOf(json, '|') ?? json, type);
  return `${printExpression(left)} ${op === '!=' ? '!= ' : ''}${list(right)} / ${list(mask)}`;
}

/** nft says `==` where leaving it out would mean something else, or after an operator. */
function needsEquals(left: Json, right: Json, type: Datatype): boolean {
  const operator = soleEntry(left)?.[0];
  if (operator !== undefined && ['&', '|', '^', '<<', '>>'].includes(operator)) return true;
  return isBitmask(type) && !isRecord(right) && !(typeof right === 'string' && right.startsWith('@'));
}

function printObject(name: string, content: Json, print: (content: Json) => string): string {
  if (typeof content === 'string') return `${name} name ${inNftQuotes(content)}`;
  const map = contentOf(content, 'map');
  if (map === undefined) return print(content);
  return `${name} name ${printExpression({ map }, 'quoted')}`;
}

/** References are one kind of statement whose name may come from a map. */
function printReference(name: string, content: Json): string {
  return `${name} set ${typeof content === 'string' ? inNftQuotes(content) : printExpression(content, 'quoted')}`;
}

function overIf(content: Json): string {
  return contentOf(content, 'inv') === true ? 'over ' : '';
}

/** `limit rate over 10/second burst 20 packets`; nft leaves out the default burst of 5 packets and of 0 bytes. */
function printLimit(content: Json): string {
  const unit = stringAt(content, 'rate_unit');
  const rate = `${contentOf(content, 'rate')}${unit === undefined || unit === 'packets' ? '' : ` ${unit}`}/${stringAt(content, 'per')}`;
  const burst = contentOf(content, 'burst');
  const plain = unit === undefined || unit === 'packets';
  const implied = burst === undefined || burst === (plain ? 5 : 0);
  const text = implied ? '' : ` burst ${burst} ${plain ? 'packets' : (stringAt(content, 'burst_unit') ?? 'bytes')}`;
  return `limit rate ${overIf(content)}${rate}${text}`;
}

function printQuota(content: Json): string {
  return `quota ${overIf(content)}${contentOf(content, 'val')} ${stringAt(content, 'val_unit')}`;
}

function printSynproxy(content: Json): string {
  const words = ['mss', 'wscale'].flatMap((key) => {
    const value = contentOf(content, key);
    return value === undefined ? [] : [`${key} ${value}`];
  });
  return ['synproxy', ...words, ...listOf(contentOf(content, 'flags'))].join(' ');
}

function printLog(content: Json): string {
  const prefix = stringAt(content, 'prefix');
  const level = stringAt(content, 'level');
  const numbers = ['group', 'snaplen', 'queue-threshold'].flatMap((key) => {
    const value = contentOf(content, key);
    return value === undefined ? [] : [`${key} ${value}`];
  });
  return [
    'log',
    ...(prefix === undefined ? [] : [`prefix ${inNftQuotes(prefix)}`]),
    ...numbers,
    ...(level === undefined ? [] : [`level ${level}`]),
    ...printLogFlags(listOf(contentOf(content, 'flags'))),
  ].join(' ');
}

function printLogFlags(flags: JsonList): string[] {
  const tcp = flags
    .filter((flag) => flag === 'tcp sequence' || flag === 'tcp options')
    .map((flag) => `${flag}`.slice(4));
  const others = flags
    .filter((flag) => flag !== 'tcp sequence' && flag !== 'tcp options')
    .map((flag) => `flags ${flag}`);
  return tcp.length === 0 ? others : [`flags tcp ${tcp.join(',')}`, ...others];
}

function printReject(content: Json, family: Family): string {
  const type = stringAt(content, 'type');
  const code = contentOf(content, 'expr');
  if (type === undefined) return 'reject';
  if (type === 'tcp reset') return 'reject with tcp reset';
  const usual = family === 'ip' ? 'icmp' : family === 'ip6' ? 'icmpv6' : 'icmpx';
  if (code === 'port-unreachable' && type === usual) return 'reject';
  return `reject with ${type} ${code}`;
}

function printQueue(content: Json): string {
  const flags = listOf(contentOf(content, 'flags'));
  const number = contentOf(content, 'num');
  const to = number === undefined ? '' : ` to ${printExpression(number)}`;
  return `queue${flags.length === 0 ? '' : ` flags ${flags.join(',')}`}${to}`;
}

function printNat(name: string, content: Json): string {
  const family = stringAt(content, 'family');
  const address = contentOf(content, 'addr');
  const port = contentOf(content, 'port');
  const prefix = listOf(contentOf(content, 'type_flags')).includes('prefix') ? ' prefix' : '';
  const flags = listOf(contentOf(content, 'flags')).filter((flag) => flag !== 'netmap');
  const type: Datatype = family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr';
  const where = address === undefined ? '' : printAddress(address, type, port !== undefined);
  const to =
    where === '' && port === undefined
      ? ''
      : ` to ${where}${port === undefined ? '' : `:${printExpression(port, 'inet_service')}`}`;
  return `${name}${family === undefined ? '' : ` ${family}`}${prefix}${to}${flags.length === 0 ? '' : ` ${flags.join(',')}`}`;
}

/** IPv6 addresses with a port stand in brackets. */
function printAddress(address: Json, type: Datatype, hasPort: boolean): string {
  if (type !== 'ipv6_addr' || !hasPort) return printExpression(address, type);
  const range = contentOf(address, 'range');
  if (isList(range)) return range.map((end) => `[${printExpression(end, type)}]`).join('-');
  return typeof address === 'string' ? `[${address}]` : printExpression(address, type);
}

function printSetStatement(content: Json, family: Family): string {
  const set = stringAt(content, 'set') ?? stringAt(content, 'map');
  const element = contentOf(content, 'elem') ?? null;
  const inner = contentOf(contentOf(element, 'elem'), 'val') ?? element;
  const timeout = contentOf(contentOf(element, 'elem'), 'timeout');
  const data = contentOf(content, 'data');
  const words = [
    printParts(inner, typesOf(inner)),
    ...(typeof timeout === 'number' ? [`timeout ${printDuration(timeout)}`] : []),
    ...listOf(contentOf(content, 'stmt')).map((statement) => printStatement(statement, family)),
    ...(data === undefined ? [] : [`: ${printExpression(data)}`]),
  ];
  return `${stringAt(content, 'op')} ${set} { ${words.join(' ')} }`;
}

function printMeter(content: Json, family: Family): string {
  const key = contentOf(content, 'key') ?? null;
  const statement = contentOf(content, 'stmt') ?? null;
  const size = contentOf(content, 'size');
  const sized = size === undefined ? '' : ` size ${size}`;
  return `meter ${stringAt(content, 'name')}${sized} { ${printParts(key, typesOf(key))} ${printStatement(statement, family)} }`;
}

function printDup(content: Json): string {
  const address = contentOf(content, 'addr');
  const device = contentOf(content, 'dev');
  const to =
    typeof address === 'string' && !/[.:]/.test(address)
      ? inNftQuotes(address)
      : address === undefined
        ? ''
        : printExpression(address);
  return `dup to ${to}${typeof device === 'string' ? ` device ${inNftQuotes(device)}` : ''}`;
}

function printForward(content: Json): string {
  const device = printExpression(contentOf(content, 'dev') ?? null, 'ifname');
  const address = contentOf(content, 'addr');
  return address === undefined
    ? `fwd to ${device}`
    : `fwd ${stringAt(content, 'family')} to ${printExpression(address)} device ${device}`;
}
