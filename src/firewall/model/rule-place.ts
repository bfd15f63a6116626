// Rules as traces name them.

import type { RulePlace } from '../conversation/trace.ts';
import type { Chain, Rule, Table } from './model.ts';

/** The rule in its place. */
export function placeOf(table: Table, chain: string, { number, text, handle, line, origin }: Rule): RulePlace {
  const { family, name } = table;
  const place = { ...ownerOf(table), family, table: name, chain, number, text, handle, line };
  return origin === undefined ? place : { ...place, origin };
}

/** The chain's policy in the form of a rule: number 0, text `policy drop`. */
export function policyPlace(table: Table, chain: Chain): RulePlace {
  const { family, name } = table;
  const text = `policy ${chain.base?.policy ?? 'accept'}`;
  const place = {
    ...ownerOf(table),
    family,
    table: name,
    chain: chain.name,
    number: 0,
    text,
    handle: null,
    line: null,
  };
  return chain.base?.origin === undefined ? place : { ...place, origin: chain.base.origin };
}

function ownerOf(table: Table) {
  return table.layer === 'iptables'
    ? { layer: table.layer, variant: table.variant }
    : { layer: table.layer, variant: table.variant };
}
