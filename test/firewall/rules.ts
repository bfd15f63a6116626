// Small rulesets for tests, written as the OUTPUT rules that matter.

import type { Conversation, Surroundings, Trace } from '../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../src/firewall/conversation/trace-conversation.ts';
import { parseIptablesSave } from '../../src/firewall/iptables/read/parse-iptables-save.ts';
import type { Ruleset } from '../../src/firewall/model/model.ts';

/** The filter table of such rules; lines that start with `:` or `*` go where they belong in a dump. */
export function rules(...lines: readonly string[]): Ruleset {
  const text = lines[0]?.startsWith('*') ? lines.join('\n') : ['*filter', ...lines, 'COMMIT'].join('\n');
  return { tables: parseIptablesSave(`${text}\n`, { file: 'test', family: 'ip' }) };
}

export const HERE: Surroundings = { ownAddresses: ['127.0.0.1', '::1', '192.0.2.10'], serverUid: 0, serverGid: 0 };

/** A TCP conversation with the mail port of this host, but for what `change` says. */
export function mail(change: Partial<Conversation> = {}): Conversation {
  return {
    protocol: 'tcp',
    source: '127.0.0.1',
    destination: '127.0.0.1',
    sourcePort: 40000,
    destinationPort: 25,
    uid: 0,
    gid: 0,
    ...change,
  };
}

/** What becomes of a conversation with the mail port. */
export function traceMail(ruleset: Ruleset, change: Partial<Conversation> = {}, here: Surroundings = HERE): Trace {
  return traceConversation(ruleset, mail(change), here);
}

/** The essence of a trace in one line: `blocked, logged: request in output by OUTPUT 7`. */
export function summary({ outcome, logged, stoppedAt }: Trace): string {
  const stop =
    stoppedAt && `: ${stoppedAt.packet} in ${stoppedAt.hook} by ${stoppedAt.rule.chain} ${stoppedAt.rule.number}`;
  return `${outcome}, logged ${logged}${stop ?? ''}`;
}
