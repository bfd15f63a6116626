// What the rules do to loopback traffic, worked out by evaluating them: the answer of step 1 and of `check`.

import { rewritingOf } from '../../firewall/conversation/rewriting-of.ts';
import type { Conversation, RulePlace, Surroundings, Trace } from '../../firewall/conversation/trace.ts';
import { traceOnce } from '../../firewall/conversation/trace-once.ts';
import type { Facts } from '../../firewall/facts/facts.ts';
import type { ChainPlace, IptablesLock, LoggingPlan, PolicyRow } from '../../firewall/fix/plan.ts';
import { planLogging } from '../../firewall/fix/plan-logging.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import type { DumpContents, IpFamily } from '../../firewall/questions/dump-contents.ts';
import { type FinalRule, findFinalRules } from '../../firewall/questions/final-rule.ts';
import { probeConversations } from '../../firewall/questions/probe-conversations.ts';
import { listensTo } from '../failures.ts';
import type { Listener } from '../listener.ts';
import { findOwners, type RuleOwner } from '../owners/find-owners.ts';
import type { OwnerFacts } from '../owners/owner-facts.ts';
import { findWayFaults } from '../way/find-way-faults.ts';
import { type LoopbackKind, type LoopbackWay, loopbackKindOf, type WayFault } from '../way/loopback-way.ts';
import { isAllAway, judgeLoopback, type LoopbackOutcome, type RuleJudgement } from './judge-loopback.ts';
import { type Layer, summariseLayers } from './layers.ts';
import type { NextBoot } from './next-boot.ts';
import { settleByTrying, type Tried } from './tried.ts';

/** What loopback traffic to one kind of address comes to; `fault` is what decides instead of the rules. `absent`: there is no such address here. */
export type Judgement = Omit<RuleJudgement, 'outcome'> & {
  readonly outcome: LoopbackOutcome | 'absent';
  readonly fault: WayFault | null;
};

/** The address families and kinds that loopback is judged by. */
export const LOOPBACK_KINDS: readonly LoopbackKind[] = ['ip', 'ip6', 'own'];

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
  /** Who listens there; null: nobody could look, or a dump was read. */
  readonly listeners: readonly Listener[] | null;
  /** What plain `iptables` is there; null where there is none. */
  readonly iptables: 'nft' | 'legacy' | null;
  readonly lock?: IptablesLock | undefined;
  /** What the server shows of the programs that look after its rules; null: a dump shows nothing of that. */
  readonly ownerFacts: OwnerFacts | null;
  /** The logs in which the kernel's lines can be read; null: a dump has none. */
  readonly logs: readonly string[] | null;
  /** lo itself and the way to it; null: a dump shows nothing of that. */
  readonly way: LoopbackWay | null;
  /** The names of the users that rules name, where they are known. */
  readonly users?: ReadonlyMap<number, string>;
  /** What the dumps hold; null: a server was read, and all of it. */
  readonly dump: DumpContents | null;
  /** What the server keeps beside its rules; a dump shows nothing of that. */
  readonly facts?: Facts;
  /** Own attempts at what the rules alone don't tell. */
  readonly tried?: readonly Tried[];
  /** What the next boot does with loopback, where that was looked at. */
  readonly nextBoot?: NextBoot;
};

export type Inspection = ServerFacts & {
  readonly surroundings: Surroundings;
  readonly owners: readonly RuleOwner[];
  readonly layers: readonly Layer[];
  readonly policies: readonly OutboundPolicy[];
  readonly loopback: Readonly<Record<LoopbackKind, Judgement>>;
  /** The own address that `loopback.own` is about first. */
  readonly own: string;
  /** An own address of each family, and what traffic to own addresses of that family comes to. */
  readonly ownByFamily: readonly { readonly address: string; readonly judgement: Judgement }[];
  /** Whether rules stop any of it. */
  readonly blocked: boolean;
  /** What is in the way beside the rules. */
  readonly wayFaults: readonly WayFault[];
  /** Ping over loopback, which proves nothing about services. */
  readonly ping: RuleJudgement;
  /** The conversations that stand for all of loopback on this server, by which it is judged. */
  readonly probes: readonly Conversation[];
  /** The services that are known to listen and whose loopback conversations the rules stop. */
  readonly blockedServices: readonly Listener[];
  /** The traces of all blocked probes. */
  readonly blockedTraces: readonly Trace[];
  /** The traces of all probes to which NAT gives another end than they ask for, or another sender. */
  readonly rewrittenTraces: readonly Trace[];
  /** The traces of all probes of which the rules alone don't tell whether they pass. */
  readonly unknownTraces: readonly Trace[];
  /** Chains in which blocked conversations end and that are no outbound policy (INPUT), each with its stopping rules marked. */
  readonly otherStops: readonly { readonly place: ChainPlace; readonly rows: readonly PolicyRow[] }[];
  /** Null where every drop is logged already, or nothing is dropped; of other traffic than loopback, those of outbound rules count. */
  readonly loggingPlan: LoggingPlan | null;
};

/** Something beside the rules stops traffic, all or some, which no permit cures. */
export const isWayBlocked = ({ wayFaults }: Inspection): boolean =>
  wayFaults.some(({ outcome }) => outcome === 'blocked' || outcome === 'partly');

/** Ports that local programs often use: judged even where nobody listens or names them. */
const USUAL_PORTS = [21, 22, 25, 53, 80, 443, 587, 3306, 5432, 6379, 8080];

/** RFC 5737 and 3849: examples, where a dump names no address of the host. */
const EXAMPLE_ADDRESSES = ['192.0.2.1', '2001:db8::1'];

const familyOf = (address: string): IpFamily => (address.includes(':') ? 'ip6' : 'ip');

/** What is worst of several outcomes, first. */
const WORST: readonly Judgement['outcome'][] = ['blocked', 'partly', 'unknown', 'not-in-dump', 'works', 'absent'];

/** What is in the way decides where it says more than the rules: nothing passes what is down, whatever they permit. */
const withFaults = (judgement: RuleJudgement, faults: readonly WayFault[], kind: LoopbackKind): Judgement => {
  const ofKind = faults.filter(({ kinds }) => kinds.includes(kind));
  const fault = (['absent', 'blocked', 'partly', 'unknown'] as const)
    .map((outcome) => ofKind.find((one) => one.outcome === outcome))
    .find((one) => one !== undefined);
  if (fault === undefined || fault.outcome === 'works') return { ...judgement, fault: null };
  const isLess = fault.outcome === 'unknown' || fault.outcome === 'partly';
  if (isLess && (judgement.outcome === 'blocked' || judgement.outcome === 'partly'))
    return { ...judgement, fault: null };
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

const judgeOwn = (
  addresses: readonly string[],
  judgeKind: (kind: 'own', family: IpFamily) => Judgement,
): Inspection['ownByFamily'] =>
  (['ip', 'ip6'] as const).flatMap((family) => {
    const own = addresses.find((address) => familyOf(address) === family);
    if (own === undefined) return [];
    const judgement = judgeKind('own', family);
    return [{ address: judgement.trace?.conversation.destination ?? own, judgement }];
  });

/** An answer for both families is one only where each has one. */
const worstOf = (judged: Inspection['ownByFamily']): Judgement => {
  const [first] = WORST.flatMap((outcome) => judged.filter(({ judgement }) => judgement.outcome === outcome));
  const stopped = judged.flatMap(({ judgement }) => judgement.stopped);
  return first === undefined ? NOTHING_OWN : { ...first.judgement, stopped };
};

const NOTHING_OWN: Judgement = { outcome: 'works', trace: null, stopped: [], fault: null };

const judgePing = (traces: readonly Trace[]): RuleJudgement => {
  const pings = traces.flatMap((trace) =>
    trace.conversation.protocol === 'icmp' && trace.outcome !== 'leaves'
      ? [{ ...trace, outcome: trace.outcome, trace }]
      : [],
  );
  const worst = WORST.flatMap((outcome) => pings.filter((trace) => trace.outcome === outcome))[0];
  if (worst === undefined || worst.outcome === 'works') return { outcome: 'works', trace: null, stopped: [] };
  return { outcome: worst.outcome, trace: worst.trace, stopped: [] };
};

const isSameEnd = (one: Conversation, other: Conversation): boolean =>
  one.uid === other.uid &&
  one.protocol === other.protocol &&
  one.destination === other.destination &&
  one.destinationPort === other.destinationPort;

/** Judges a server's loopback traffic by its rules. */
export const inspect = (facts: ServerFacts, caseId: string): Inspection => {
  const { ruleset, iptables, lock } = facts;
  // Where nobody could look, the ports that rules name and the usual ones stand for all.
  const listeners = facts.listeners ?? [];
  const owners = findOwners(ruleset, facts.ownerFacts);
  const ownAddresses = facts.ownAddresses.length > 0 ? facts.ownAddresses : EXAMPLE_ADDRESSES;
  const surroundings: Surroundings = {
    ownAddresses: ['127.0.0.1', '::1', ...ownAddresses],
    serverUid: null,
    serverGid: null,
    ...(facts.facts && { facts: facts.facts }),
  };
  const probes = probeConversations({ ruleset, ownAddresses, listeners, ports: USUAL_PORTS });
  const traceAll = (conversations: readonly Conversation[]) =>
    settleByTrying(
      ruleset,
      conversations.map((one) => traceOnce(ruleset, one, surroundings)),
      facts.tried ?? [],
    );
  const traces = traceAll(probes);
  const services = traces.filter(({ conversation }) => conversation.protocol !== 'icmp');
  const wayFaults = findWayFaults(
    facts.way,
    listeners.map(({ address }) => address),
  );
  const tried = (facts.tried ?? []).map(({ conversation }) => conversation);
  const retrace = (conversation: Conversation): Trace =>
    traceAll([...tried, conversation]).at(-1) ?? traceOnce(ruleset, conversation, surroundings);
  const judge = (judged: readonly Trace[], family: IpFamily) =>
    judgeLoopback(judged, {
      isTelling: ({ conversation }) => listeners.some((listener) => listensTo(conversation)(listener)),
      retrace,
      isSeen: (one) =>
        facts.tried?.some(({ conversation, end }) => end === 'connected' && isSameEnd(conversation, one)) ?? false,
      nameOf: (uid) => facts.users?.get(uid),
      isHeld: facts.dump === null || facts.dump.answers.includes(family),
    });
  const judgeKind = (kind: LoopbackKind, family: IpFamily) =>
    withFaults(
      judge(
        services.filter(
          ({ conversation }) =>
            loopbackKindOf(conversation.destination) === kind && familyOf(conversation.destination) === family,
        ),
        family,
      ),
      wayFaults,
      kind,
    );
  // What is not there (IPv6 that is switched off) can't be stopped either.
  const isThere = ({ conversation }: Trace) =>
    !wayFaults.some(
      ({ outcome, kinds }) => outcome === 'absent' && kinds.includes(loopbackKindOf(conversation.destination)),
    );
  const there = services.filter(isThere);
  const blockedTraces = there.filter(({ outcome }) => outcome === 'blocked');
  const unknownTraces = there.filter((trace) => trace.outcome === 'unknown' || isAllAway(trace, retrace));
  const ownByFamily = judgeOwn(ownAddresses, judgeKind);
  const loopback = { ip: judgeKind('ip', 'ip'), ip6: judgeKind('ip6', 'ip6'), own: worstOf(ownByFamily) };
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
    own: loopback.own.trace?.conversation.destination ?? ownByFamily[0]?.address ?? '',
    ownByFamily,
    blocked,
    wayFaults,
    ping: judgePing(traces),
    blockedServices: listeners.filter((listener) =>
      blockedTraces.some(({ conversation }) => listensTo(conversation)(listener)),
    ),
    probes,
    blockedTraces,
    unknownTraces,
    rewrittenTraces: there.filter((trace) => rewritingOf(trace) !== null),
    loggingPlan: planLogging(ruleset, surroundings, {
      caseId,
      iptables,
      lock,
      probes,
      finals: policies.map(({ final }) => final),
    }),
  };
};
