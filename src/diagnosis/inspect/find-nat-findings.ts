// What NAT makes of loopback conversations: somebody else's, another port's, or none at all.

import { rewritingOf } from '../../firewall/conversation/rewriting-of.ts';
import type { RulePlace, Trace } from '../../firewall/conversation/trace.ts';
import { traceConversation } from '../../firewall/conversation/trace-conversation.ts';
import { chainOf, metRules, ruleAt } from '../../firewall/fix/place/find-stops.ts';
import { formatAddress } from '../../firewall/model/address.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { nameTool } from '../../firewall/model/name-layer.ts';
import type { Nat } from '../../firewall/model/steps.ts';
import { isLetThrough } from '../../firewall/questions/is-let-through.ts';
import { withoutRule } from '../../firewall/questions/without-rule.ts';
import { nameAddress, nameConversation } from '../../naming/conversations.ts';
import { citeRule } from '../../naming/rules.ts';
import { listensTo } from '../failures.ts';
import type { Finding } from '../finding.ts';
import type { Inspection } from './inspect.ts';

/** Ends that are named of many. */
const NAMED = 3;

const fewOf = (names: readonly string[]): string => {
  const each = [...new Set(names)];
  return `${each.slice(0, NAMED).join(', ')}${each.length > NAMED ? ` and ${each.length - NAMED} more` : ''}`;
};

/** The rules that the request met and that translate addresses in one of these ways. */
const natRulesOf = (ruleset: Ruleset, { packets }: Trace, kinds: readonly Nat['nat'][]): RulePlace[] => {
  const hooks = packets.find(({ packet }) => packet === 'request')?.hooks ?? [];
  const translates = (place: RulePlace) =>
    place.number > 0 &&
    (ruleAt(ruleset, place)?.steps.some((step) => step.kind === 'nat' && kinds.includes(step.nat)) ?? false);
  return hooks.flatMap(metRules).filter(translates);
};

const SOURCE: readonly Nat['nat'][] = ['masquerade', 'snat'];
const DESTINATION: readonly Nat['nat'][] = ['dnat', 'redirect'];

const listChain = (rule: RulePlace): string[] => {
  const { layer, family, table, chain } = chainOf(rule);
  return layer === 'nftables'
    ? ['nft', 'list', 'chain', family, table, chain]
    : [nameTool(rule), '-t', table, '-S', chain];
};

const limitToTheWayOut = ({ layer }: RulePlace): string => (layer === 'nftables' ? 'oifname != "lo"' : '! -o lo');

/** Whether the conversation passes as soon as the rule is away. */
const isStoppedBy = (
  { ruleset, surroundings }: Inspection,
  rule: RulePlace,
  { conversation, outcome }: Trace,
): boolean =>
  outcome === 'blocked' && isLetThrough(traceConversation(withoutRule(ruleset, rule), conversation, surroundings));

/** MASQUERADE or SNAT on lo: a sender 127.0.0.1 that is somebody else when it arrives. */
const findOtherSender = (inspection: Inspection): Finding[] => {
  const { ruleset, rewrittenTraces } = inspection;
  const changed = rewrittenTraces.filter((trace) => rewritingOf(trace)?.sourceChanged === true);
  const byRule = Map.groupBy(changed, (trace) => {
    const rule = natRulesOf(ruleset, trace, SOURCE)[0];
    return rule === undefined ? '' : citeRule(rule);
  });
  return [...byRule.values()].flatMap((traces) => {
    const [first] = traces;
    const rule = first && natRulesOf(ruleset, first, SOURCE)[0];
    if (first === undefined || rule === undefined) return [];
    const source = rewritingOf(first)?.source ?? null;
    const other = source === null ? "another of this server's addresses" : formatAddress(source);
    const dropped = traces.filter((trace) => isStoppedBy(inspection, rule, trace));
    const own = first.conversation.source;
    return [
      {
        id: 'nat-changes-sender',
        severity: dropped.length > 0 ? 'problem' : 'warning',
        title: `A NAT rule changes the sender of loopback connections from ${own} to ${other}.`,
        evidence: [
          citeRule(rule),
          `by the rules: ${fewOf(traces.map(({ conversation }) => nameConversation(conversation)))}`,
          ...(dropped.length > 0
            ? [`stopped because of it: ${fewOf(dropped.map(({ conversation }) => nameConversation(conversation)))}`]
            : []),
        ],
        advice: `Services that know their clients by address refuse them, and rules for ${own.includes(':') ? own : '127.0.0.0/8'} miss. Limit the rule to what leaves the server: give it ${limitToTheWayOut(rule)}, where it is written.`,
        commands: [listChain(rule)],
      },
    ];
  });
};

type Sent = { readonly trace: Trace; readonly rule: RulePlace; readonly to: string };

/** Rewritten in its destination and let through so far. */
const listSent = ({ ruleset, rewrittenTraces }: Inspection): Sent[] =>
  rewrittenTraces.flatMap((trace) => {
    const rewriting = rewritingOf(trace);
    const rule = natRulesOf(ruleset, trace, DESTINATION).at(-1);
    if (rewriting === null || !rewriting.destinationChanged || rule === undefined) return [];
    const [away] = trace.sentAway;
    const address = away ? away.address : rewriting.destination === null ? null : formatAddress(rewriting.destination);
    const port = away ? away.port : rewriting.destinationPort;
    const to = address === null ? 'one of several addresses' : nameAddress(address, port);
    return [{ trace, rule, to }];
  });

/** From 127.0.0.1 the kernel lets nothing out by another device unless that is asked for (measured: the packet is lost). */
const isFromLoopback = ({ trace: { conversation } }: Sent): boolean => conversation.source.startsWith('127.');

/** What leaves lo by NAT, in one line: a published port of a container's is meant to. */
const findSentOff = (sent: readonly Sent[]): Finding[] => {
  const away = sent.filter(({ trace }) => trace.outcome === 'leaves');
  if (away.length === 0) return [];
  const ports = fewOf(
    away.map(({ trace: { conversation } }) => `${conversation.protocol}/${conversation.destinationPort}`),
  );
  const rules = fewOf(away.map(({ rule: { chain, number } }) => `rule ${number} of ${chain}`));
  const isLost = away.some(isFromLoopback);
  return [
    {
      id: 'nat-leaves-loopback',
      severity: isLost ? 'warning' : 'notice',
      title: `NAT (${rules}) sends ${ports} to ${fewOf(away.map(({ to }) => to))}, off lo: no loopback conversation.`,
      evidence: [],
      advice: isLost
        ? 'From 127.0.0.1 such a connection gets out only where route_localnet is 1 for the device that it leaves by, and its sender is changed as well.'
        : '',
      commands: [],
    },
  ];
};

/** REDIRECT and DNAT to a port of this server's: which one really answers, or that none does. */
const findOtherEnd = ({ listeners, dump }: Inspection, sent: readonly Sent[]): Finding[] => {
  const here = sent.filter(({ trace }) => trace.outcome === 'works');
  const byRule = Map.groupBy(here, ({ rule, to }) => `${citeRule(rule)} ${to}`);
  return [...byRule.values()].flatMap((ones): Finding[] => {
    const [first] = ones;
    const rewriting = first && rewritingOf(first.trace);
    if (first === undefined || !rewriting || rewriting.destination === null) return [];
    const end = {
      ...first.trace.conversation,
      destination: formatAddress(rewriting.destination),
      destinationPort: rewriting.destinationPort,
    };
    const asked = fewOf(ones.map(({ trace: { conversation } }) => nameConversation(conversation)));
    if (listeners === null)
      return [
        {
          id: 'nat-redirects',
          severity: 'warning' as const,
          title: `A NAT rule sends ${asked} to ${first.to}; whether a program listens there is not ${dump === null ? 'known' : 'in the dump'}.`,
          evidence: [citeRule(first.rule)],
          advice:
            'If none does, such connections are refused although no rule drops them: see with ss -ltnp on the server.',
          commands: [],
        },
      ];
    const listener = listeners.find(listensTo(end));
    const hidden = listeners.filter(
      (one) => ones.some(({ trace }) => listensTo(trace.conversation)(one)) && one !== listener,
    );
    const evidence = [
      citeRule(first.rule),
      ...hidden.map(
        ({ process, address, port }) =>
          `${process ?? 'a process'} listens at ${nameAddress(address, port)}, which such a connection does not reach`,
      ),
    ];
    return [
      listener === undefined
        ? {
            id: 'nat-dead-end',
            severity: 'problem' as const,
            title: `A NAT rule sends ${asked} to ${first.to}, where nobody listens.`,
            evidence,
            advice: `Start what is meant to listen at ${first.to}; or delete the NAT rule, if it was left behind by a proxy, a mail filter or a container.`,
            commands: [listChain(first.rule)],
          }
        : {
            id: 'nat-redirects',
            severity: 'notice' as const,
            title: `${listener.process ?? 'A process'} at ${first.to} answers ${asked}: a NAT rule sends them there.`,
            evidence,
            advice: '',
            commands: [],
          },
    ];
  });
};

/** What NAT does to loopback conversations, told whether or not anything fails. */
export const findNatFindings = (inspection: Inspection): Finding[] => {
  const sent = listSent(inspection);
  return [...findOtherSender(inspection), ...findOtherEnd(inspection, sent), ...findSentOff(sent)];
};
