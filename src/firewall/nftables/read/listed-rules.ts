// The rules of a listing of nft, for those who look for one of them and not for what it means.
import { contentOf, isList, isRecord, type JsonRecord } from './json.ts';

/** `{"nftables": [{"rule": {"family": "ip", "table": "mail", "chain": "out", "handle": 2, …}}]}`; none where the text is no such document. */
export function listedRules(text: string): JsonRecord[] {
  try {
    const items = contentOf(JSON.parse(text), 'nftables');
    return (isList(items) ? items : []).map((item) => contentOf(item, 'rule')).filter(isRecord);
  } catch {
    return [];
  }
}
