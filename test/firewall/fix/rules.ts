// Rulesets for tests, from the text of iptables-save.
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';

/** A host with an address of each family. */
export const surroundings = {
  ownAddresses: ['127.0.0.1', '::1', '192.0.2.10', 'fd00::10'],
  serverUid: 0,
  serverGid: 0,
};

/** Whole tables, or the lines of the filter table alone. */
export function rules(text: string, family: 'ip' | 'ip6' = 'ip', variant: 'nft' | 'legacy' = 'nft'): Ruleset {
  const dump = text.trim().startsWith('*') ? text : `*filter\n${text}\nCOMMIT\n`;
  return { tables: parseIptablesSave(dump, { file: 'test', family, variant }) };
}

/** All layers at once. */
export function together(...rulesets: readonly Ruleset[]): Ruleset {
  return { tables: rulesets.flatMap(({ tables }) => tables) };
}
