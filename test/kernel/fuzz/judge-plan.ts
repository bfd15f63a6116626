// What a plan says of itself, held against the evaluator: that it repairs, breaks nothing, needs each of its rules, and gives up only where it has to.

import type { Conversation, Surroundings } from '../../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import { placeChanges, type Wanted } from '../../../src/firewall/fix/place/place-changes.ts';
import type { Change, FixPlan, PlannedCommand } from '../../../src/firewall/fix/plan.ts';
import { applyChange } from '../../../src/firewall/fix/rule/apply-change.ts';
import { permitLoopback } from '../../../src/firewall/fix/rule/permit-rule.ts';
import { planApply, planUndo, writeRule } from '../../../src/firewall/fix/rule/write-rule.ts';
import type { Chain, Ruleset, Table } from '../../../src/firewall/model/model.ts';
import type { Step } from '../../../src/firewall/model/steps.ts';

/** The rules before a plan, and the conversations it has to do with. */
export type Judged = {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  /** What was seen to fail, and the probes of loopback. */
  readonly failing: readonly Conversation[];
  readonly probes: readonly Conversation[];
  readonly plan: FixPlan;
};

export type Complaint = { readonly kind: string; readonly detail: string };

/** All that is wrong with the plan; empty for a good one. */
export function judgePlan(judged: Judged): Complaint[] {
  const { plan } = judged;
  return [
    ...(plan.proof.holds ? [] : [{ kind: 'no proof', detail: plan.proof.statement }]),
    ...notRepaired(judged),
    ...broken(judged),
    ...unasked(judged),
    ...needless(judged),
  ];
}

const passes = ({ surroundings }: Judged, rules: Ruleset, one: Conversation) =>
  traceConversation(rules, one, surroundings).outcome === 'works';

const inWords = (one: Conversation) => JSON.stringify(one);

function notRepaired(judged: Judged): Complaint[] {
  const { plan } = judged;
  return plan.repaired
    .filter((one) => !passes(judged, plan.after, one))
    .map((one) => ({ kind: 'called repaired and is not', detail: inWords(one) }));
}

function broken(judged: Judged): Complaint[] {
  const { ruleset, probes, plan } = judged;
  return probes
    .filter((one) => passes(judged, ruleset, one) && !passes(judged, plan.after, one))
    .map((one) => ({ kind: 'breaks what had passed', detail: inWords(one) }));
}

/** Each failing conversation that was chosen is repaired, or named as remaining. */
function unasked({ failing, plan }: Judged): Complaint[] {
  const { choice } = plan;
  const named = new Set([...plan.repaired, ...plan.remaining.map(({ conversation }) => conversation)].map(inWords));
  const chosen = failing.filter(
    ({ protocol, destinationPort }) =>
      choice.kind !== 'services' ||
      choice.services.some(
        (service) => service.protocol === protocol && (protocol === 'icmp' || service.port === destinationPort),
      ),
  );
  return chosen
    .filter((one) => !named.has(inWords(one)))
    .map((one) => ({ kind: 'neither repaired nor remaining', detail: inWords(one) }));
}

function needless(judged: Judged): Complaint[] {
  const { ruleset, plan, probes } = judged;
  const passing = probes.filter((one) => passes(judged, ruleset, one));
  return plan.changes.flatMap((change, at) => {
    const without = applyAll(ruleset, withoutOne(plan.changes, at));
    const fails = (one: Conversation) => !passes(judged, without, one);
    const needed = plan.repaired.some(fails) || passing.some(fails);
    return needed
      ? []
      : [
          {
            kind: 'needless rule',
            detail: `${change.place.table} ${change.place.chain} ${change.position} ${change.rule.text}`,
          },
        ];
  });
}

function withoutOne(changes: readonly Change[], at: number): Change[] {
  const left = changes[at];
  return changes.flatMap((change, place) => {
    if (place === at) return [];
    const behind = place > at && left !== undefined && isSameChain(change, left);
    return [behind ? { ...change, position: change.position - 1 } : change];
  });
}

function isSameChain({ place: a }: Change, { place: b }: Change): boolean {
  return a.variant === b.variant && a.family === b.family && a.table === b.table && a.chain === b.chain;
}

const applyAll = (ruleset: Ruleset, changes: readonly Change[]): Ruleset => changes.reduce(applyChange, ruleset);

/** Permits of all of lo at the heads of some base chains that stop something: what a plan might have done instead. */
export type Cure = {
  readonly places: readonly string[];
  readonly apply: readonly PlannedCommand[];
  readonly undo: readonly PlannedCommand[];
  readonly after: Ruleset;
};

/** More chains than these are tried all together and one by one only. */
const MOST_CHAINS = 7;

/** A set of permits under which the conversation would pass; null where none of those tried helps. */
export function findCure(
  ruleset: Ruleset,
  surroundings: Surroundings,
  conversation: Conversation,
  options: { caseId: string; iptables: 'nft' | 'legacy' },
): Cure | null {
  const wanted = headPermits(ruleset, options.caseId);
  for (const some of someOf(wanted)) {
    const { placed, after } = placeChanges(ruleset, some);
    if (traceConversation(after, conversation, surroundings).outcome !== 'works') continue;
    return {
      places: some.map(({ place }) => `${place.family} ${place.table} ${place.chain}`),
      apply: planApply(placed, options),
      undo: planUndo(placed, options),
      after,
    };
  }
  return null;
}

function headPermits(ruleset: Ruleset, caseId: string): Wanted[] {
  return ruleset.tables.flatMap((table) =>
    [...table.chains.values()].flatMap((chain) => {
      const { base } = chain;
      if (base === null || base.type === 'nat' || base.hook === 'forward') return [];
      if (!mayStop(table, chain)) return [];
      const { family, name } = table;
      const owner =
        table.layer === 'iptables'
          ? ({ layer: table.layer, variant: table.variant } as const)
          : ({ layer: table.layer, variant: table.variant } as const);
      const place = { ...owner, family, table: name, chain: chain.name };
      const written = writeRule(place, chain, permitLoopback(base.hook, caseId));
      return written === null ? [] : [{ place, at: 1, written, reason: '' }];
    }),
  );
}

/** A permit in a chain that stops nothing would only pass by what the chain does to packets (a zone, NOTRACK): that is no cure by a filter rule. */
function mayStop(table: Table, { base, rules }: Chain, seen: ReadonlySet<string> = new Set()): boolean {
  return base?.policy === 'drop' || rules.some(({ steps }) => steps.some((step) => mayStopAt(table, step, seen)));
}

function mayStopAt(table: Table, step: Step, seen: ReadonlySet<string>): boolean {
  if (step.kind === 'verdict-map') return true;
  if (step.kind !== 'verdict') return false;
  const { verdict } = step;
  if (!('chain' in verdict)) return ['drop', 'reject', 'queue', 'unknown'].includes(verdict.kind);
  const chain = table.chains.get(verdict.chain);
  return chain !== undefined && !seen.has(chain.name) && mayStop(table, chain, new Set([...seen, chain.name]));
}

function* someOf<Item>(items: readonly Item[]): Generator<Item[]> {
  yield [...items];
  if (items.length > MOST_CHAINS) {
    for (const item of items) yield [item];
    return;
  }
  for (let mask = 0; mask < 2 ** items.length; mask++) yield items.filter((_, bit) => mask & (1 << bit));
}
