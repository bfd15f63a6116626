// What the rules do to loopback traffic, worked out by evaluating them: the answer of step 1 and of `check`.

import { type FinalRule, findFinalRules } from '../firewall/final-rule.ts';
import type { ChainPlace, LoggingPlan, PolicyRow } from '../firewall/fix/plan.ts';
import { planLogging } from '../firewall/fix/plan-logging.ts';
import type { Ruleset } from '../firewall/model.ts';
import { probeConversations } from '../firewall/probe-conversations.ts';
import type { Conversation, RulePlace, Surroundings, Trace } from '../firewall/trace.ts';
import { traceConversation } from '../firewall/trace-conversation.ts';
import { listensTo } from './failures.ts';
import { findOwners, type OwnerFacts, type RuleOwner } from './find-owners.ts';
import { findWayFaults } from './find-way-faults.ts';
import { type Layer, summariseLayers } from './layers.ts';
import type { Listener } from './listener.ts';
import type { LoopbackKind, LoopbackWay, WayFault } from './loopback-way.ts';

/** What the rules make of traffic to one kind of address; `trace` is the most telling conversation (a blocked one, else an unknown one). */
type RuleJudgement = { readonly outcome: Trace['outcome']; readonly trace: Trace | null };

/** What loopback traffic to one kind of address comes to; `fault` is what decides instead of the rules. `absent`: there is no such address here. */
export type Judgement = Omit<RuleJudgement, 'outcome'> & {
  readonly outcome: Trace['outcome'] | 'absent';
  readonly fault: WayFault | null;
};

/** An outbound chain as a list, its final rule, and whether a loopback packet that will be dropped is logged first. */
export type OutboundPolicy = {
  readonly place: ChainPlace;
  readonly rows: readonly PolicyRow[];
  readonly final: FinalRule;
};

/** What was read from a server, raw facts parsed. */
export type ServerFacts = {
  readonly host: string;
  readonly ruleset: Ruleset;
  readonly ownAddresses: readonly string[];
  readonly listeners: readonly Listener[];
  /** What plain `iptables` is there; null where there is none. */
  readonly iptables: 'nft' | 'legacy' | null;
  /** What the server shows of the programs that look after its rules; null: a dump shows nothing of that. */
  readonly ownerFacts: OwnerFacts | null;
  /** The logs in which the kernel's lines can be read; null: a dump has none. */
  readonly logs: readonly string[] | null;
  /** lo itself and the way to it; null: a dump shows nothing of that. */
  readonly way: LoopbackWay | null;
};

export type Inspection = ServerFacts & {
  readonly surroundings: Surroundings;
  readonly owners: readonly RuleOwner[];
  readonly layers: readonly Layer[];
  readonly policies: readonly OutboundPolicy[];
  readonly loopback: Readonly<Record<LoopbackKind, Judgement>>;
  /** The own address that `loopback.own` is about first. */
  readonly own: string;
  /** Whether rules stop any of it. */
  readonly blocked: boolean;
  /** What is in the way beside the rules. */
  readonly wayFaults: readonly WayFault[];
  /** Ping over loopback, which proves nothing about services. */
  readonly ping: RuleJudgement;
  /** The conversations that stand for all of loopback on this server, by which it is judged. */
  readonly probes: readonly Conversation[];
  /** Listening services whose loopback conversations the rules stop. */
  readonly blockedServices: readonly Listener[];
  /** The traces of all blocked probes. */
  readonly blockedTraces: readonly Trace[];
  /** The traces of all probes of which the rules alone don't tell whether they pass. */
  readonly unknownTraces: readonly Trace[];
  /** Chains in which blocked conversations end and that are no outbound policy (INPUT), each with its stopping rules marked. */
  readonly otherStops: readonly { readonly place: ChainPlace; readonly rows: readonly PolicyRow[] }[];
  /** Null where every drop of a loopback packet is logged already, or nothing is dropped. */
  readonly loggingPlan: LoggingPlan | null;
};

/** Something beside the rules stops all traffic to one kind of address, which no permit cures. */
export const isWayBlocked = ({ wayFaults }: Inspection): boolean =>
  wayFaults.some(({ outcome }) => outcome === 'blocked');

/** Ports that local programs often use: judged even where nobody listens or names them. */
const USUAL_PORTS = [21, 22, 25, 53, 80, 443, 587, 3306, 5432, 6379, 8080];

/** RFC 5737: an example, where a dump names no address of the host. */
const EXAMPLE_ADDRESS = '192.0.2.1';

const kindOf = ({ destination }: Conversation): LoopbackKind =>
  destination === '::1' ? 'ip6' : destination.startsWith('127.') ? 'ip' : 'own';

/** The worst outcome decides: one blocked conversation is a reason for something to fail; with a service that listens, the best one. */
const judge = (traces: readonly Trace[], listeners: readonly Listener[]): RuleJudgement => {
  const isServed = ({ conversation }: Trace) => listeners.some((listener) => listensTo(conversation)(listener));
  const allBlocked = traces.filter(({ outcome }) => outcome === 'blocked');
  const blocked = allBlocked.find(isServed) ?? allBlocked[0];
  if (blocked) return { outcome: 'blocked', trace: blocked };
  const unknown = traces.find(({ outcome }) => outcome === 'unknown');
  return unknown ? { outcome: 'unknown', trace: unknown } : { outcome: 'works', trace: null };
};

/** What is in the way decides where it says more than the rules: nothing passes what is down, whatever they permit. */
const withFaults = (judgement: RuleJudgement, faults: readonly WayFault[], kind: LoopbackKind): Judgement => {
  const ofKind = faults.filter(({ kinds }) => kinds.includes(kind));
  const fault = (['absent', 'blocked', 'unknown'] as const)
    .map((outcome) => ofKind.find((one) => one.outcome === outcome))
    .find((one) => one !== undefined);
  if (fault === undefined || fault.outcome === 'works') return { ...judgement, fault: null };
  if (fault.outcome === 'unknown' && judgement.outcome === 'blocked') return { ...judgement, fault: null };
  return { ...judgement, outcome: fault.outcome, fault };
};

const toPolicy = (ruleset: Ruleset, final: FinalRule): OutboundPolicy => ({
  place: final.rule,
  rows: listChain(ruleset, final.rule),
  final,
});

const chainKey = ({ layer, variant, family, table, chain }: ChainPlace): string =>
  [layer, variant, family, table, chain].join(' ');

/** The chains beside the outbound policies in which conversations are stopped. */
const findOtherStops = (ruleset: Ruleset, traces: readonly Trace[], policies: readonly OutboundPolicy[]) => {
  const known = new Set(policies.map(({ place }) => chainKey(place)));
  const stops = new Map<string, RulePlace[]>();
  for (const { stoppedAt } of traces) {
    if (stoppedAt === null || known.has(chainKey(stoppedAt.rule))) continue;
    const key = chainKey(stoppedAt.rule);
    stops.set(key, [...(stops.get(key) ?? []), stoppedAt.rule]);
  }
  return [...stops.values()].flatMap((rules) => {
    const [place] = rules;
    if (place === undefined) return [];
    const numbers = new Set(rules.map(({ number }) => number));
    const rows = listChain(ruleset, place).map(
      (row): PolicyRow => (numbers.has(row.number) ? { ...row, sign: '>' } : row),
    );
    return [{ place, rows }];
  });
};

const listChain = ({ tables }: Ruleset, rule: RulePlace): PolicyRow[] => {
  const table = tables.find(
    ({ layer, variant, family, name }) =>
      layer === rule.layer && variant === rule.variant && family === rule.family && name === rule.table,
  );
  const chain = table?.chains.get(rule.chain);
  if (!chain) return [];
  const rows = chain.rules.map(({ number, text }): PolicyRow => ({ number, text, sign: ' ' }));
  return chain.base === null ? rows : [...rows, { number: 0, text: `policy ${chain.base.policy}`, sign: ' ' }];
};

/** Judges a server's loopback traffic by its rules. */
export const inspect = (facts: ServerFacts, caseId: string): Inspection => {
  const { ruleset, listeners, iptables } = facts;
  const owners = findOwners(ruleset, facts.ownerFacts);
  const ownAddresses = facts.ownAddresses.length > 0 ? facts.ownAddresses : [EXAMPLE_ADDRESS];
  const surroundings: Surroundings = {
    ownAddresses: ['127.0.0.1', '::1', ...ownAddresses],
    serverUid: null,
    serverGid: null,
  };
  const probes = probeConversations({ ruleset, ownAddresses, listeners, ports: USUAL_PORTS });
  const traces = probes.map((probe) => traceConversation(ruleset, probe, surroundings));
  const services = traces.filter(({ conversation }) => conversation.protocol !== 'icmp');
  const wayFaults = findWayFaults(
    facts.way,
    listeners.map(({ address }) => address),
  );
  const judgeKind = (kind: LoopbackKind) =>
    withFaults(
      judge(
        services.filter(({ conversation }) => kindOf(conversation) === kind),
        listeners,
      ),
      wayFaults,
      kind,
    );
  const blockedTraces = services.filter(({ outcome }) => outcome === 'blocked');
  const unknownTraces = services.filter(({ outcome }) => outcome === 'unknown');
  const loopback = { ip: judgeKind('ip'), ip6: judgeKind('ip6'), own: judgeKind('own') };
  const blocked = blockedTraces.length > 0;
  const policies = findFinalRules(ruleset, surroundings).map((final) => toPolicy(ruleset, final));
  return {
    ...facts,
    surroundings,
    owners,
    layers: summariseLayers(ruleset, owners),
    policies,
    otherStops: findOtherStops(ruleset, blockedTraces, policies),
    loopback,
    own: loopback.own.trace?.conversation.destination ?? ownAddresses[0] ?? EXAMPLE_ADDRESS,
    blocked,
    wayFaults,
    ping: judge(
      traces.filter(({ conversation }) => conversation.protocol === 'icmp'),
      [],
    ),
    blockedServices: listeners.filter((listener) =>
      blockedTraces.some(({ conversation }) => listensTo(conversation)(listener)),
    ),
    probes,
    blockedTraces,
    unknownTraces,
    loggingPlan:
      blocked || unknownTraces.length > 0 ? planLogging(ruleset, surroundings, { caseId, iptables, probes }) : null,
  };
};
