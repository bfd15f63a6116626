// Prints nft's JSON expressions as `nft list ruleset` does.
import type { Datatype } from './datatypes.ts';
import { findField } from './fields.ts';
import { contentOf, isList, isRecord, type Json, type JsonList, listOf, soleEntry, stringAt } from './read/json.ts';
import { typeOf, typesOf } from './types.ts';

/** The text of an expression; constants are printed as values of `type`. */
export function printExpression(json: Json, type: Datatype = 'integer'): string {
  const entry = soleEntry(json);
  if (entry === null)
    return isList(json) ? printList(json, type) : isRecord(json) ? printRecord(json) : constant(json, type);
  const [name, content] = entry;
  if (PRECEDENCE[name] !== undefined && isList(content)) return printOperator(name, content, type);
  return findField(json) === null ? printValue(name, content, type) : printField(name, content);
}

/** The text of a key or constant with several parts: `ip daddr . tcp dport`, `127.0.0.1 . 25`. */
export function printParts(json: Json, types: readonly Datatype[]): string {
  const entry = soleEntry(json);
  if (entry?.[0] === 'elem') return printParts(contentOf(entry[1], 'val') ?? null, types);
  if (entry?.[0] !== 'concat' || !isList(entry[1])) return printExpression(json, types[0]);
  return entry[1].map((part, index) => printExpression(part, types[index])).join(' . ');
}

/** The text of a set or map in place, `{ 22, 80-90 }`, `{ 25 : drop }`, or of its name, `@ports`. */
export function printSet(json: Json, key: readonly Datatype[], data: readonly Datatype[] = []): string {
  const elements = contentOf(json, 'set');
  if (elements === undefined) return typeof json === 'string' ? json : printExpression(json);
  return `{ ${listOf(elements)
    .map((element) => printElement(element, key, data))
    .join(', ')} }`;
}

/** `"…"`; nft knows no escapes in strings. */
export function inNftQuotes(text: string): string {
  return `"${text}"`;
}

function printElement(json: Json, key: readonly Datatype[], data: readonly Datatype[]): string {
  if (!isList(json) || json[0] === undefined || json[1] === undefined) return printParts(json, key);
  return `${printParts(json[0], key)} : ${printParts(json[1], data)}`;
}

function printValue(name: string, content: Json, type: Datatype): string {
  switch (name) {
    case 'range': {
      const [from = null, to = null] = listOf(content);
      return `${constant(from, type)}-${constant(to, type)}`;
    }
    case 'prefix':
      return `${constant(contentOf(content, 'addr') ?? null, type)}/${contentOf(content, 'len')}`;
    case 'concat':
      return isList(content)
        ? printParts({ concat: content }, typesOf({ concat: content }))
        : printRecord({ concat: content });
    case 'set':
      return printSet({ set: content }, [type]);
    case 'elem':
      return printExpression(contentOf(content, 'val') ?? null, type);
    case 'map':
      return printMap(content, type);
    case 'jump':
    case 'goto':
      return `${name} ${stringAt(content, 'target')}`;
    default:
      return content === null ? name : printRecord({ [name]: content });
  }
}

function printMap(content: Json, type: Datatype): string {
  const key = contentOf(content, 'key') ?? null;
  const types = typesOf(key);
  return `${printParts(key, types)} map ${printSet(contentOf(content, 'data') ?? null, types, [type, 'inet_service'])}`;
}

/** Binding strength of the operators, as in nft: a looser one inside a tighter one stands in parentheses. */
const PRECEDENCE: Partial<Record<string, number>> = { '<<': 1, '>>': 1, '&': 2, '^': 3, '|': 4 };

function printOperator(operator: string, operands: JsonList, outer: Datatype): string {
  const [first = null] = operands;
  const type = findField(first) === null && soleEntry(first) === null ? outer : typeOf(first);
  return operands
    .map((operand, index) => {
      const shift = index > 0 && (operator === '<<' || operator === '>>');
      const text = printExpression(operand, shift ? 'integer' : type);
      const inner = precedenceOf(operand);
      const own = PRECEDENCE[operator];
      return inner !== undefined && own !== undefined && inner > own ? `(${text})` : text;
    })
    .join(` ${operator} `);
}

function precedenceOf(operand: Json): number | undefined {
  const entry = soleEntry(operand);
  return entry === null ? undefined : PRECEDENCE[entry[0]];
}

/** Meta keys that nft prints without the word `meta`. */
const BARE_META: readonly string[] = ['iif', 'oif', 'iifname', 'oifname', 'iifgroup', 'oifgroup'];

function printField(name: string, content: Json): string {
  const key = stringAt(content, 'key');
  switch (name) {
    case 'payload':
      return printPayload(content);
    case 'meta':
      return key !== undefined && BARE_META.includes(key) ? key : `meta ${key}`;
    case 'ct':
      return printConntrack(content, key);
    case 'fib':
      return `fib ${listOf(contentOf(content, 'flags')).join(' . ')} ${stringAt(content, 'result')}`;
    case 'exthdr':
    case 'tcp option':
    case 'ip option':
    case 'sctp chunk':
    case 'dccp option':
      return printOption(name, content);
    case 'rt':
    case 'osf':
    case 'socket':
      return [name, stringAt(content, 'family'), key].filter((word) => word !== undefined).join(' ');
    default:
      return printGenerated(name, content);
  }
}

function printPayload(content: Json): string {
  const protocol = stringAt(content, 'protocol');
  if (protocol !== undefined) return `${protocol} ${stringAt(content, 'field')}`;
  return `@${stringAt(content, 'base')},${contentOf(content, 'offset')},${contentOf(content, 'len')}`;
}

/** nft 1.0.6 names the family in the key (`ip saddr`) or, where it need not be said, leaves it out and prints `ip` all the same. */
function printConntrack(content: Json, key: string | undefined): string {
  const family = stringAt(content, 'family') ?? (key === 'saddr' || key === 'daddr' ? 'ip' : undefined);
  return ['ct', stringAt(content, 'dir'), family, key].filter((word) => word !== undefined).join(' ');
}

function printOption(name: string, content: Json): string {
  const option = stringAt(content, 'name');
  const field = stringAt(content, 'field');
  if (name !== 'exthdr') return [name, option, field].filter((word) => word !== undefined).join(' ');
  return field === undefined ? `exthdr ${option}` : `${option} ${field}`;
}

function printGenerated(name: string, content: Json): string {
  const mod = `mod ${contentOf(content, 'mod')}`;
  const offset = contentOf(content, 'offset');
  const plus = offset === undefined || offset === 0 ? '' : ` offset ${offset}`;
  if (name === 'numgen') return `numgen ${stringAt(content, 'mode')} ${mod}${plus}`;
  if (name === 'symhash') return `symhash ${mod}${plus}`;
  if (name !== 'jhash') return printRecord({ [name]: content });
  const hashed = contentOf(content, 'expr') ?? null;
  const seed = contentOf(content, 'seed');
  return `jhash ${printParts(hashed, typesOf(hashed))} ${mod}${typeof seed === 'number' ? ` seed 0x${seed.toString(16)}` : ''}${plus}`;
}

/** What has no text of its own is shown as nft's JSON writes it. */
function printRecord(json: Json): string {
  return JSON.stringify(json);
}

function printList(list: JsonList, type: Datatype): string {
  return list.map((item) => constant(item, type)).join(',');
}

function constant(json: Json, type: Datatype): string {
  if (typeof json === 'boolean') return json ? 'exists' : 'missing';
  if (typeof json === 'number') return printNumber(json, type);
  if (json === null) return 'null';
  if (typeof json !== 'string') return printExpression(json, type);
  return needsQuotes(json, type) ? inNftQuotes(json) : json;
}

function needsQuotes(text: string, type: Datatype): boolean {
  if (text === '*' || text.startsWith('@')) return false;
  if (type === 'iface_index') return !/^\d+$/.test(text);
  return type === 'ifname' || type === 'quoted' || type === 'clock' || type === 'devgroup';
}

function printNumber(number: number, type: Datatype): string {
  switch (type) {
    case 'mark':
      return `0x${number.toString(16).padStart(8, '0')}`;
    case 'devgroup':
    case 'tcp_flag':
    case 'raw':
      return type === 'devgroup' ? `${number}` : `0x${number.toString(16)}`;
    case 'ct_state':
    case 'ct_status':
      return `0x${number.toString(16)}`;
    case 'dscp':
      return `0x${number.toString(16).padStart(2, '0')}`;
    case 'ether_type':
      return `0x${number.toString(16).padStart(4, '0')}`;
    case 'duration':
      return printDuration(number);
    default:
      return `${number}`;
  }
}

/** Seconds as nft writes them: 3900 → `1h5m`. */
export function printDuration(seconds: number): string {
  const parts = [
    [86400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const;
  let rest = seconds;
  let text = '';
  for (const [size, unit] of parts) {
    if (rest >= size) text += `${Math.floor(rest / size)}${unit}`;
    rest %= size;
  }
  return text === '' ? '0s' : text;
}
