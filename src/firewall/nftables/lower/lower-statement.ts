// Lowers one statement of a rule to the steps of the model.
import { parseAddress } from '../../model/address.ts';
import type { Family } from '../../model/model.ts';
import { type Action, type Step, unknown } from '../../model/steps.ts';
import { printStatement } from '../print-rule.ts';
import { contentOf, isRecord, type Json, listOf, numberAt, soleEntry, stringAt } from '../read/json.ts';
import type { Scope } from '../read/scope.ts';
import { typesOf } from '../types.ts';
import { lowerLimit, lowerQuota } from './lower-limit.ts';
import { lowerMangle } from './lower-mangle.ts';
import { lowerMatch } from './lower-match.ts';
import { lowerNat } from './lower-nat.ts';
import { lowerKey } from './lower-operand.ts';
import { hasOwnConditions, lowerSet } from './lower-set.ts';
import { lowerReject, lowerVerdict } from './lower-verdict.ts';
import { findRequirements, onlyIn } from './requirements.ts';

/** The steps of a statement; one that is not known becomes a verdict that is not known. */
export function lowerStatement(statement: Json, scope: Scope): readonly Step[] {
  const entry = soleEntry(statement);
  const verdict = lowerVerdict(statement);
  if (verdict !== null) return [{ kind: 'verdict', verdict }];
  if (entry === null) return [judgementOf(statement, scope)];
  const [name, content] = entry;
  switch (name) {
    case 'match':
      return lowerMatch(content, scope.family);
    case 'vmap':
      return lowerVerdictMap(statement, content, scope);
    case 'reject': {
      const { needs, verdict } = lowerReject(content, scope.family);
      return [...needs, { kind: 'verdict', verdict }];
    }
    case 'log':
      return lowerLog(content, scope.family);
    case 'limit':
    case 'quota':
      return lowerMeasured(statement, name, content, scope);
    case 'ct count':
      return [countConnections(statement, content, scope)];
    case 'mangle':
      return lowerMangle(statement, content, scope.family);
    case 'reset':
      return lowerReset(content);
    case 'notrack':
      return [{ kind: 'notrack' }];
    case 'snat':
    case 'dnat':
    case 'masquerade':
    case 'redirect':
      return lowerNat(name, content, scope);
    case 'tproxy':
      return lowerProxy(statement, content, scope);
    case 'set':
    case 'map':
    case 'meter':
      return lowerSetStatement(statement, content, scope);
    case 'counter':
      return lowerCounter(content);
    case 'xt':
      return [lowerStub(statement, content, scope)];
    default:
      return HARMLESS.has(name) ? [] : [judgementOf(statement, scope)];
  }
}

/** Statements that judge nothing and change nothing that lo-doctor's rules look at. */
const HARMLESS: ReadonlySet<string> = new Set([
  'last',
  'ct helper',
  'ct timeout',
  'ct expectation',
  'secmark',
  'dup',
  'flow',
]);

/** `{"tcp option": {"name": "maxseg"}}`: of the options that it may take away, the largest segment is the one that is looked at. */
function lowerReset(content: Json): readonly Step[] {
  if (stringAt(contentOf(content, 'tcp option'), 'name') !== 'maxseg') return [];
  const value = [unknown('reset tcp option maxseg', 'nothing that the rules say')];
  return [onlyIn('meta l4proto', 6), { kind: 'set', field: 'tcp option maxseg size', value }];
}

/** `{"family": "ip", "addr": "127.0.0.1", "port": 3129}`. Where no proxy takes the packet, the rule ends, and the packet goes on (nft_tproxy.c). */
function lowerProxy(statement: Json, content: Json, scope: Scope): readonly Step[] {
  const [port, addr] = [contentOf(content, 'port'), contentOf(content, 'addr')];
  const what = printStatement(statement, scope.family);
  const address = addr === undefined ? null : typeof addr === 'string' ? parseAddress(addr) : undefined;
  const isKnown = (port === undefined || typeof port === 'number') && address !== undefined;
  const isAddress = addr === undefined || address !== null;
  const question = { on: 'proxy', port: typeof port === 'number' ? port : null, address: address ?? null } as const;
  const settledBy = 'whether a transparent proxy waits there ("ss -ltun --inet-sockopt")';
  const family = stringAt(content, 'family');
  return [
    ...(family === undefined ? [] : [onlyIn('meta nfproto', family === 'ip6' ? 10 : 2)]),
    {
      kind: 'sometimes',
      what,
      limit: false,
      fresh: 'unknown',
      settledBy,
      ...(isKnown && isAddress && { asks: { question, negated: false } }),
    },
  ];
}

function judgementOf(statement: Json, scope: Scope): Action {
  return { kind: 'verdict', verdict: unknown(printStatement(statement, scope.family)) };
}

function lowerVerdictMap(statement: Json, content: Json, scope: Scope): readonly Step[] {
  const key = contentOf(content, 'key');
  const map = key === undefined ? null : lowerSet(contentOf(content, 'data') ?? null, typesOf(key));
  if (key === undefined || map === null) return [judgementOf(statement, scope)];
  return [...findRequirements(key, scope.family), { kind: 'verdict-map', key: lowerKey(key), map }];
}

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
const WARNING = 4;
/** What nft logs with where it says no prefix. */
const NO_PREFIX = '';

/** `{"prefix": "out: ", "level": "info", "flags": ["skuid"]}`. `level audit` writes to the audit log, where no packet line stands. */
function lowerLog(content: Json, family: Family): readonly Step[] {
  const { prefix = NO_PREFIX, level = 'warn', group = null } = isRecord(content) ? content : {};
  if (level === 'audit') return [];
  if (typeof prefix !== 'string' || typeof level !== 'string' || (group !== null && typeof group !== 'number'))
    return [unknown(printStatement({ log: content }, family))];
  const flags = listOf(contentOf(content, 'flags'));
  return [
    {
      kind: 'log',
      prefix,
      level: LEVELS.includes(level) ? LEVELS.indexOf(level) : WARNING,
      group,
      uid: flags.includes('skuid') || flags.includes('all'),
    },
  ];
}

/** A limit or quota in place, or by the name of one of the table's. */
function lowerMeasured(statement: Json, name: 'limit' | 'quota', content: Json, scope: Scope): readonly Step[] {
  const text = printStatement(statement, scope.family);
  const object = typeof content === 'string' ? scope.objects.get(`${name} ${content}`) : content;
  if (object === undefined || contentOf(object, 'map') !== undefined) return [unknown(text)];
  return [name === 'limit' ? lowerLimit(object, text) : lowerQuota(object, text)];
}

/** `ct count over 10`: a fresh connection is the first one. */
function countConnections(statement: Json, content: Json, scope: Scope): Step {
  const most = numberAt(content, 'val');
  const over = contentOf(content, 'inv') === true;
  return {
    kind: 'sometimes',
    what: printStatement(statement, scope.family),
    limit: false,
    fresh: most === undefined ? 'unknown' : most >= 1 !== over ? 'yes' : 'no',
  };
}

/** A counter chosen by a map is missing where the map has no such key, which ends the rule. */
function lowerCounter(content: Json): readonly Step[] {
  const map = contentOf(content, 'map');
  const key = contentOf(map, 'key');
  if (key === undefined) return [];
  const set = lowerSet(contentOf(map, 'data') ?? null, typesOf(key));
  return set === null ? [] : [{ kind: 'lookup', key: lowerKey(key), negated: false, set }];
}

/** `add @seen { ip saddr limit rate over 5/minute }`: met where the key is there and its own condition holds. */
function lowerSetStatement(statement: Json, content: Json, scope: Scope): readonly Step[] {
  const element = contentOf(content, 'elem') ?? contentOf(content, 'key') ?? null;
  const key = contentOf(contentOf(element, 'elem'), 'val') ?? element;
  const statements = listOf(contentOf(content, 'stmt'));
  const name = stringAt(content, 'set') ?? stringAt(content, 'map');
  if (name?.startsWith('@')) scope.changing.add(name.slice(1));
  const text = printStatement(statement, scope.family);
  const present = lowerKey(key).map(
    (operand): Step => (operand.kind === 'unknown' ? operand : { kind: 'compare', operand, negated: true, values: [] }),
  );
  const note: Step | null =
    name === undefined
      ? null
      : {
          kind: 'note',
          note: {
            store: 'nft',
            set: name.replace(/^@/, ''),
            key: lowerKey(key),
            does: stringAt(content, 'op') === 'delete' ? 'remove' : 'add',
          },
        };
  return [
    ...findRequirements(key, scope.family),
    ...present,
    ...(note === null ? [] : [note]),
    ...statements.flatMap((inner) => lowerInner(inner, text)),
  ];
}

/** The conditions of an element stand for all keys alike; the first packet finds them unused. */
function lowerInner(statement: Json, text: string): readonly Step[] {
  if (!hasOwnConditions([statement]) || !isRecord(statement)) return [];
  if (statement.limit !== undefined) return [lowerLimit(statement.limit, text)];
  if (statement.quota !== undefined) return [lowerQuota(statement.quota, text)];
  return [{ kind: 'sometimes', what: text, limit: false, fresh: 'unknown' }];
}

/** What iptables-nft wrote with its own extensions: nft prints the name and nothing of what it says. */
function lowerStub(statement: Json, content: Json, scope: Scope): Step {
  const it = unknown(printStatement(statement, scope.family), 'the output of iptables-save and ip6tables-save');
  return stringAt(content, 'type') === 'match' ? it : { kind: 'verdict', verdict: it };
}
