// The judged: what lo-doctor's evaluator says of a conversation, given what the tools print of the rules.

import type { Trace } from '../../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import { combineLayers } from '../../../src/firewall/model/combine-layers.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';
import { parseNftRuleset } from '../../../src/firewall/nftables/read/parse-nft-ruleset.ts';
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
