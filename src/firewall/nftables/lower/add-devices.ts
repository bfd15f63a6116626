// The devices of ingress and egress chains, which nft 1.0.6 leaves out of its JSON and prints in its text.
import { isList, isRecord, type Json, type JsonRecord, listOf, stringAt } from '../read/json.ts';

const HOOKED = /"hook": ?"(?:ingress|egress)"/;

/** Whether a document of `nft -j list ruleset` has such a chain and names no device for it. */
export function lacksDevices(text: string): boolean {
  return HOOKED.test(text) && !/"dev": ?[["]/.test(text);
}

/** The document with the devices that `nft list chains` tells: `type filter hook ingress devices = { "lo", "eth0" } priority filter; …` */
export function addDevices(text: string, listing: string): string {
  const known = parseDevices(listing);
  const document: Json = JSON.parse(text);
  const items = isRecord(document) ? document.nftables : undefined;
  if (!isList(items)) return text;
  return JSON.stringify({ nftables: items.map((item) => withDevices(item, known)) });
}

function withDevices(item: Json, known: ReadonlyMap<string, readonly string[]>): Json {
  const chain = isRecord(item) ? item.chain : undefined;
  if (!isRecord(chain) || listOf(chain.dev).length > 0) return item;
  const devices = known.get(keyOf(chain));
  return devices === undefined ? item : { chain: { ...chain, dev: devices } };
}

function keyOf(chain: JsonRecord): string {
  return [stringAt(chain, 'family'), stringAt(chain, 'table'), stringAt(chain, 'name')].join(' ');
}

function parseDevices(listing: string): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  let [table, chain] = ['', ''];
  for (const line of listing.split('\n')) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    const devices = /\bhook (?:ingress|egress) devices? (?:= )?(\{[^}]*\}|\S+)/.exec(line)?.[1];
    if (devices !== undefined) found.set(`${table} ${chain}`, devices.match(/[^\s{},"]+/g) ?? []);
  }
  return found;
}
