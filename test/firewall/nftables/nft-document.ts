// Documents as `nft -j list ruleset` prints them, for tests.
import type { Rule, Table } from '../../../src/firewall/model/model.ts';
import type { Json, JsonRecord } from '../../../src/firewall/nftables/read/json.ts';
import { parseNftRuleset } from '../../../src/firewall/nftables/read/parse-nft-ruleset.ts';

/** The text of a document with such objects. */
export function nftDocument(...objects: readonly JsonRecord[]): string {
  const metainfo = { version: '1.1.3', release_name: 'Commodore Bullmoose #4', json_schema_version: 1 };
  return JSON.stringify({ nftables: [{ metainfo }, ...objects] });
}

export const place = { family: 'inet', table: 't' };
export const table = (more: JsonRecord = {}) => ({ table: { family: 'inet', name: 't', handle: 1, ...more } });
export const chain = (more: JsonRecord = {}) => ({
  chain: { ...place, name: 'out', handle: 1, type: 'filter', hook: 'output', prio: 0, policy: 'accept', ...more },
});
export const rule = (...expr: readonly Json[]) => ({ rule: { ...place, chain: 'out', handle: 9, expr } });
export const match = (left: Json, right: Json, op = '==') => ({ match: { op, left, right } });
export const tcpDport = { payload: { protocol: 'tcp', field: 'dport' } };

/** The only table of a document. */
export function parseTable(...objects: readonly JsonRecord[]): Table {
  const [only] = parseNftRuleset(nftDocument(...objects), { file: 'rules.json' });
  if (only === undefined) throw new Error('no table');
  return only;
}

/** The only rule of an output chain in an inet table. */
export function parseRule(...expr: readonly Json[]): Rule {
  const [only] = parseTable(table(), chain(), rule(...expr)).chains.get('out')?.rules ?? [];
  if (only === undefined) throw new Error('no rule');
  return only;
}
