// Reads a server and parses what it says: the facts that an inspection judges.
import type { ServerFacts } from '../diagnosis/inspect.ts';
import { combineLayers } from '../firewall/combine-layers.ts';
import { parseIptablesSave } from '../firewall/iptables/parse-iptables-save.ts';
import type { Ruleset } from '../firewall/model.ts';
import { parseNftRuleset } from '../firewall/nftables/parse-nft-ruleset.ts';
import type { Host } from '../host/host.ts';
import { findLogSources } from '../host/log-source.ts';
import { type FirewallDump, readFirewall } from '../host/read-firewall.ts';
import { readListeners } from '../host/who-listens.ts';

/** What the dumps of all layers say together. Throws a ParseError for text that its own tool would not take back. */
export const parseDumps = (dumps: readonly FirewallDump[]): Ruleset =>
  combineLayers({
    iptables: dumps.flatMap((dump) =>
      dump.layer === 'iptables'
        ? parseIptablesSave(dump.text, {
            file: `${dump.family}tables-save`,
            family: dump.family,
            variant: dump.variant,
          })
        : [],
    ),
    nft: dumps.flatMap((dump) =>
      dump.layer === 'nftables' ? parseNftRuleset(dump.text, { file: 'nft -j list ruleset' }) : [],
    ),
  });

/** Reads the rules, addresses and services of a server. Throws a HostError where it may not or can't. */
export const readServer = async (host: Host): Promise<ServerFacts> => {
  const [reading, listeners, sources] = await Promise.all([
    readFirewall(host),
    readListeners(host),
    findLogSources(host),
  ]);
  return {
    host: host.name,
    ruleset: parseDumps(reading.dumps),
    ownAddresses: reading.ownAddresses,
    listeners,
    iptables: reading.iptables,
    ownerFacts: reading.managers,
    // A file that is only expected holds nothing as long as no daemon writes it.
    logs: sources.flatMap((source) => (source.kind === 'file' && source.state === 'missing' ? [] : [source.id])),
  };
};
