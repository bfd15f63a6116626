// The judged: what lo-doctor's evaluator says of a conversation, given what the tools print of the rules.
import { combineLayers } from '../../../src/firewall/combine-layers.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/parse-iptables-save.ts';
import type { Ruleset } from '../../../src/firewall/model.ts';
import { parseNftRuleset } from '../../../src/firewall/nftables/parse-nft-ruleset.ts';
import type { Trace } from '../../../src/firewall/trace.ts';
import { traceConversation } from '../../../src/firewall/trace-conversation.ts';
import type { Attempt } from '../agent.ts';
import type { Dump } from './kernel.ts';
import { addresses } from './server.ts';

/** The rules in force as the evaluator understands them. */
export function parseDumps(dumps: readonly Dump[]): Ruleset {
  const iptables = dumps.flatMap((dump) => {
    if (dump.tool === 'nft') return [];
    const { text, family, variant } = dump;
    return parseIptablesSave(text, { file: `${family}tables-${variant}-save`, family, variant });
  });
  const nft = dumps.flatMap((dump) => (dump.tool === 'nft' ? parseNftRuleset(dump.text, { file: 'nft' }) : []));
  return combineLayers({ iptables, nft });
}

/** The evaluator's answer. All services here are root's. */
export function judge(ruleset: Ruleset, attempt: Attempt): Trace {
  const { protocol, source, destination, uid } = attempt;
  const ports = protocol === 'icmp' ? [null, null] : [attempt.sourcePort, attempt.destinationPort];
  const [sourcePort = null, destinationPort = null] = ports;
  return traceConversation(
    ruleset,
    { protocol, source: source ?? destination, destination, sourcePort, destinationPort, uid, gid: 0 },
    { ownAddresses: [...addresses.ip, ...addresses.ip6], serverUid: 0, serverGid: 0 },
  );
}
