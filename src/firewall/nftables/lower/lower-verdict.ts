// Lowers verdicts: accept, drop, jumps, reject, queue, and chains that stand in a rule.
import type { Family } from '../../model/model.ts';
import { type Condition, unknown, type Verdict } from '../../model/steps.ts';
import { printExpression } from '../print-expression.ts';
import { contentOf, type Json, listOf, soleEntry, stringAt } from '../read/json.ts';
import { parseConstant } from '../values.ts';
import { onlyIn } from './requirements.ts';

/** `{"drop": null}`, `{"jump": {"target": "mail"}}`; null for anything else. */
export function lowerVerdict(json: Json): Verdict | null {
  const entry = soleEntry(json);
  if (entry === null) return null;
  const [name, content] = entry;
  switch (name) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      return { kind: name };
    case 'jump':
    case 'goto': {
      const chain = stringAt(content, 'target');
      return chain === undefined ? unknown(printExpression(json)) : { kind: name, chain };
    }
    case 'queue':
      return lowerQueue(content);
    default:
      return null;
  }
}

/** `{"num": 1, "flags": "bypass"}` */
function lowerQueue(content: Json): Verdict {
  const number = contentOf(content, 'num');
  const bypass = listOf(contentOf(content, 'flags')).includes('bypass');
  return { kind: 'queue', bypass, queue: number === undefined ? '0' : printExpression(number) };
}

/** ICMPv6 and ICMP mean "port unreachable" by different codes. */
const PORT_UNREACHABLE = { icmp: 3, icmpv6: 4, icmpx: 1 };
const CODES = { icmp: 'icmp_code', icmpv6: 'icmpv6_code', icmpx: 'icmpx_code' } as const;

/**
 * `{"type": "icmpx", "expr": "admin-prohibited"}`, `{"type": "tcp reset"}`, or null for the default of the family. `needs`
 * is what nft adds in front and does not print: an ICMP error is for packets of its own family.
 */
export function lowerReject(
  content: Json,
  family: Family,
): { readonly needs: readonly Condition[]; readonly verdict: Verdict } {
  const type = stringAt(content, 'type') ?? (family === 'ip' ? 'icmp' : family === 'ip6' ? 'icmpv6' : 'icmpx');
  if (type === 'tcp reset')
    return { needs: [onlyIn('meta l4proto', 6)], verdict: { kind: 'reject', with: 'tcp-reset' } };
  if (type !== 'icmp' && type !== 'icmpv6' && type !== 'icmpx')
    return { needs: [], verdict: unknown(`reject with ${type}`) };
  const json = contentOf(content, 'expr');
  const code = json === undefined ? PORT_UNREACHABLE[type] : parseConstant(json, CODES[type]);
  if (typeof code !== 'number') return { needs: [], verdict: unknown(`reject with ${type} ${JSON.stringify(json)}`) };
  const needs = type === 'icmpx' ? [] : [onlyIn('meta nfproto', type === 'icmp' ? 2 : 10)];
  return { needs, verdict: { kind: 'reject', with: type, code } };
}
