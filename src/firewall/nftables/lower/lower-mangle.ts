// Lowers statements that set something: `meta mark set 5`, `ct mark set meta mark`, `ip dscp set cs1`.
import type { Family } from '../../model/model.ts';
import { type Operand, type SettableField, type Step, unknown } from '../../model/steps.ts';
import { findField } from '../fields.ts';
import { printStatement } from '../print-rule.ts';
import { contentOf, isList, type Json, soleEntry, stringAt } from '../read/json.ts';
import { typeOf } from '../types.ts';
import { lowerOperand } from './lower-operand.ts';
import { findHeader } from './requirements.ts';

/** `{"key": {"meta": {"key": "mark"}}, "value": 5}` */
export function lowerMangle(statement: Json, content: Json, family: Family): readonly Step[] {
  const key = contentOf(content, 'key') ?? null;
  const value = contentOf(content, 'value') ?? null;
  const needs = findHeader(key, family);
  if (isHarmless(key)) return needs;
  const field = settable(key);
  if (field === null) return [...needs, { kind: 'verdict', verdict: unknown(printStatement(statement, family)) }];
  return [...needs, { kind: 'set', field, value: lowerValue(value, typeOf(key)) }];
}

/** `meta mark ^ ct mark`, which newer nft can print, is the one operation on two fields that the model has. */
function lowerValue(value: Json, type: ReturnType<typeof typeOf>): readonly Operand[] {
  const xor = contentOf(value, '^');
  const operands = isList(xor) ? xor.map((operand) => lowerOperand(operand, type)) : [];
  const fields = operands.filter((operand) => operand.kind === 'field').length;
  return fields > 1 ? operands : [lowerOperand(value, type)];
}

/** Things that no rule of the model looks at: tracing, labels, events. */
function isHarmless(key: Json): boolean {
  const entry = soleEntry(key);
  if (entry === null) return false;
  const [name, content] = entry;
  const field = stringAt(content, 'key');
  if (field === undefined) return false;
  if (name === 'meta') return ['nftrace', 'secmark', 'broute'].includes(field);
  return name === 'ct' && ['label', 'event', 'secmark', 'helper', 'timeout'].includes(field);
}

function settable(key: Json): SettableField | null {
  const field = findField(key)?.field;
  switch (field) {
    case 'meta mark':
    case 'meta priority':
    case 'meta pkttype':
    case 'ct mark':
    case 'ct zone':
    case 'ip dscp':
    case 'ip6 dscp':
    case 'ip ecn':
    case 'ip6 ecn':
    case 'tcp option maxseg size':
    case 'ip ttl':
    case 'ip6 hoplimit':
      return field;
    default:
      return null;
  }
}
