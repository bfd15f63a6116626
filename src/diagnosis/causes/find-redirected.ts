// A connection that no rule drops, and that a NAT rule sends to where nobody listens.

import type { Conversation, HookTrace, RulePlace, SentAway, Trace } from '../../firewall/conversation/trace.ts';
import { ruleAt } from '../../firewall/fix/place/find-stops.ts';
import { formatAddress } from '../../firewall/model/address.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { nameTool } from '../../firewall/model/name-layer.ts';
import { nameAddress } from '../../naming/conversations.ts';
import { citeRule } from '../../naming/rules.ts';
import { type Failure, listensTo } from '../failures.ts';
import type { Finding } from '../finding.ts';
import type { Listener } from '../listener.ts';

const requestHooks = ({ packets }: Trace): readonly HookTrace[] =>
  packets.find(({ packet }) => packet === 'request')?.hooks ?? [];

/** The conversation as the packet carries it when it enters a hook; null where that is not known. */
const carriedBy = ({ packet }: HookTrace, conversation: Conversation): Conversation | null => {
  const { destination, transport } = packet;
  if (destination === null || !('destinationPort' in transport)) return null;
  return { ...conversation, destination: formatAddress(destination), destinationPort: transport.destinationPort };
};

/** The rule that rewrote the destination: the last NAT rule that the packet met. */
const findNatRule = (ruleset: Ruleset, hooks: readonly HookTrace[]): RulePlace | undefined =>
  hooks
    .flatMap(({ way }) => way.flatMap((part) => ('rule' in part && part.match === 'yes' ? [part.rule] : [])))
    .filter(({ number }) => number > 0)
    .findLast((place) => ruleAt(ruleset, place)?.steps.some(({ kind }) => kind === 'nat'));

/** Lists the chain that a rule stands in. */
const listChain = (rule: RulePlace): string[] => {
  const { layer, family, table, chain } = rule;
  return layer === 'nftables'
    ? ['nft', 'list', 'chain', family, table, chain]
    : [nameTool(rule), '-t', table, '-S', chain];
};

/** What NAT sends off lo: who does not answer is beyond it. */
const sentOff = (
  { conversation, evidence }: Pick<Failure, 'conversation' | 'evidence'>,
  { address, port, rule }: SentAway,
): Finding => {
  const to = address === null ? 'another host' : nameAddress(address, port);
  return {
    id: 'redirected',
    severity: 'problem',
    title: `A NAT rule sends connections for ${nameAddress(conversation.destination, conversation.destinationPort)} off lo, to ${to}, and no connection came about there.`,
    evidence: [evidence, citeRule(rule)],
    advice:
      'No permit for loopback decides about it. Look whether what should answer there runs (a container, a relay), and what other rules do with its packets.',
    commands: [...(address === null ? [] : [['ip', 'route', 'get', address]]), listChain(rule)],
  };
};

/** The finding for a failed connection that the rules let through; null where it stays as it was, or a service waits where it is sent. */
export const findRedirected = (
  ruleset: Ruleset,
  listeners: readonly Listener[] | null,
  { conversation, evidence, end }: Failure,
  trace: Trace,
): Finding | null => {
  const [away] = trace.sentAway;
  if (away !== undefined && end !== 'failed') return sentOff({ conversation, evidence }, away);
  const hooks = requestHooks(trace);
  const last = hooks.at(-1);
  const sent = last && carriedBy(last, conversation);
  const rule = findNatRule(ruleset, hooks);
  if (!sent || rule === undefined || (end !== 'refused' && end !== 'timed-out')) return null;
  const { destination, destinationPort } = sent;
  if (destination === conversation.destination && destinationPort === conversation.destinationPort) return null;
  // Who can't be looked for is not said to be missing.
  if (listeners === null || listeners.some(listensTo(sent))) return null;
  const asked = nameAddress(conversation.destination, conversation.destinationPort);
  return {
    id: 'redirected',
    severity: 'problem',
    title: `A NAT rule sends connections for ${asked} to ${nameAddress(destination, destinationPort)}, where nobody listens.`,
    evidence: [
      evidence,
      citeRule(rule),
      ...listeners
        .filter(listensTo(conversation))
        .map(({ process }) => `${process ?? 'a process'} listens at ${asked}, which such a connection never reaches`),
    ],
    advice: `Start what is meant to listen on port ${destinationPort}; or delete the NAT rule, if it was left behind by a proxy, a mail filter or a container.`,
    commands: [['ss', '-ltnp', `sport = :${destinationPort}`], listChain(rule)],
  };
};
