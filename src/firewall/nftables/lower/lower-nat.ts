// Lowers address translation: dnat, snat, redirect, masquerade.
import { type Nat, type Operand, type Step, unknown } from '../../model/steps.ts';
import type { Datatype } from '../datatypes.ts';
import { printExpression } from '../print-expression.ts';
import { contentOf, isList, type Json, listOf, stringAt } from '../read/json.ts';
import type { Scope } from '../read/scope.ts';
import { parsePattern } from '../values.ts';
import { lowerOperand } from './lower-operand.ts';
import { onlyIn } from './requirements.ts';

/** `{"family": "ip", "addr": "127.0.0.1", "port": 80, "flags": […]}`; in an inet table it is for packets of its family, else the table's own. */
export function lowerNat(nat: Nat['nat'], content: Json, { sets, family: own }: Scope): readonly Step[] {
  const family = stringAt(content, 'family');
  const type: Datatype = (family ?? own) === 'ip6' ? 'ipv6_addr' : 'ipv4_addr';
  const address = contentOf(content, 'addr');
  const port = contentOf(content, 'port');
  const netmap = listOf(contentOf(content, 'flags')).includes('netmap');
  const action: Nat = {
    kind: 'nat',
    nat,
    address:
      address === undefined ? null : netmap ? unknown(printExpression(address, type)) : lowerAddress(address, type),
    port: port === undefined ? mappedPort(address, type, sets) : lowerPort(port),
  };
  return family === undefined ? [action] : [onlyIn('meta nfproto', family === 'ip6' ? 10 : 2), action];
}

function lowerAddress(json: Json, type: Datatype): Nat['address'] {
  const pattern = parsePattern(json, type);
  if (typeof pattern !== 'object' || pattern === null) return lowerOperand(json, type);
  if (!('from' in pattern) || typeof pattern.from === 'string' || typeof pattern.to === 'string')
    return unknown(printExpression(json, type));
  return { kind: 'range', from: pattern.from, to: pattern.to };
}

function lowerPort(json: Json): Nat['port'] {
  const pattern = parsePattern(json, 'inet_service');
  if (typeof pattern !== 'object' || pattern === null) return lowerOperand(json, 'inet_service');
  if (!('from' in pattern) || typeof pattern.from !== 'number' || typeof pattern.to !== 'number')
    return unknown(printExpression(json));
  return { kind: 'range', from: pattern.from, to: pattern.to };
}

/** A map to `address . port` has both in one; a named one says so where it is declared. */
function mappedPort(address: Json | undefined, type: Datatype, sets: Scope['sets']): Operand | null {
  const map = contentOf(address, 'map');
  if (address === undefined || map === undefined) return null;
  const operand = lowerOperand(address, type);
  const data = contentOf(map, 'data');
  const declared = typeof data === 'string' ? sets.get(data.slice(1)) : undefined;
  const named = declared !== undefined && declared.data.length > 1;
  const inPlace = listOf(contentOf(data, 'set')).some(
    (element) => isList(element) && contentOf(element[1], 'concat') !== undefined,
  );
  return (named || inPlace) && operand.kind === 'map' ? { ...operand, part: 1 } : null;
}
