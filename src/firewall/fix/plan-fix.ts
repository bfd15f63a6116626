// The plan of a fix: the fewest permits after which the failing conversations pass, each at the latest place where it works.

import type { Conversation, Surroundings, Trace } from '../conversation/trace.ts';
import { traceOnce } from '../conversation/trace-once.ts';
import type { DirectRule } from '../firewalld/direct-rule.ts';
import { restateInFirewalld } from '../firewalld/restate-in-firewalld.ts';
import { isLoopbackAddress, parseAddress } from '../model/address.ts';
import type { Ruleset } from '../model/model.ts';
import { isLetThrough } from '../questions/is-let-through.ts';
import { probeConversations, rootConversation } from '../questions/probe-conversations.ts';
import { restateAsUfwRules, restateInUfwFiles } from '../ufw/restate-in-ufw.ts';
import { type FoundPermits, findPermits, type WantedPermit } from './place/find-permits.ts';
import { adviseGenerated, type Generator, generatorOf } from './place/generated-policies.ts';
import { adviseMadeAnew, makerOf, tellBans } from './place/made-anew.ts';
import { placeChanges } from './place/place-changes.ts';
import { planBootInsertions, planNftInsertions } from './place/plan-boot-insertions.ts';
import type { Choice, FixPlan, PlanOptions, Service, User } from './plan.ts';
import { proveNothingElse } from './prove-nothing-else.ts';
import { rehearsePermits } from './rehearse-permits.ts';
import { tagOf } from './rule/tag.ts';
import { listOwnersFiles, planApply, planBootCommands, planUndo } from './rule/write-rule.ts';
import { describePolicies } from './tell/describe-policies.ts';
import { explainRemaining } from './tell/explain-remaining.ts';
import { findJumped } from './tell/find-jumped.ts';
import { findNotes } from './tell/find-notes.ts';
import { listStaysBroken } from './tell/list-stays-broken.ts';
import { noteQueues } from './tell/note-queues.ts';

/** `probes`: the conversations that stand for all of loopback (`probeConversations`; without them, those the rules themselves suggest). */
export type FixOptions = PlanOptions & {
  readonly probes?: readonly Conversation[];
  /** Who looks after the rules (`ufw`, `firewalld`, `none`), when active: it is asked to make the changes where it can. */
  readonly manager?: string;
  /** Programs that make rules anew from a configuration of their own: what is added to those is saved in no file. */
  readonly generators?: readonly Generator[];
  /** The direct rules that firewalld has. */
  readonly directRules?: readonly DirectRule[];
};

/**
 * Plans the changes after which every failing conversation passes, and with choice `all` every probe (with `all-but-guarded` but
 * for what guards stop), with `services` each service at
 * every address of the host. Evaluated step by step: what the plan says of itself is what the rules with its changes do.
 */
export function planFix(
  ruleset: Ruleset,
  surroundings: Surroundings,
  failing: readonly Conversation[],
  choice: Choice,
  options: FixOptions,
): FixPlan {
  const trace = (rules: Ruleset, one: Conversation) => traceOnce(rules, one, surroundings);
  const passes = (rules: Ruleset, one: Conversation) => isLetThrough(trace(rules, one));
  const probes = options.probes ?? probeConversations({ ruleset, ownAddresses: surroundings.ownAddresses ?? [] });
  const goals = findGoals(failing, choice, probes, surroundings);
  const raw = findPermits(ruleset, surroundings, goals, { choice, caseId: options.caseId, opened: failing });
  const found = sayByManager(ruleset, raw, options, passes);
  const { placed, after } = found;
  const unexplained = failing.filter((one) => isChosen(choice, one) && passes(ruleset, one));
  const changes = placed.map(({ change }) => change);
  const { generators = [] } = options;
  const places = changes.map(({ place }) => place);
  const bootAdvice = [...adviseGenerated(places, generators), ...adviseMadeAnew(places)];
  const lasting = placed.filter(({ change }) => makerOf(change.place) === null);
  const savable = lasting.filter(({ change }) => generatorOf(change.place, generators) === undefined);
  const apply = planApply(placed, options);
  return {
    choice,
    tag: tagOf(options.caseId),
    changes,
    apply,
    byHand: apply,
    undo: planUndo(placed, options),
    rehearsal: rehearsePermits(placed, options),
    bootInsertions: planBootInsertions(ruleset, savable),
    nftInsertions: planNftInsertions(ruleset, lasting),
    bootCommands: planBootCommands(placed),
    ownersFiles: listOwnersFiles(placed),
    ownersWords: tellBans(found.stops, found.goalOf),
    bootAdvice,
    after,
    policies: describePolicies(ruleset, after, placed),
    repaired: found.repaired,
    remaining: [...found.unsolved, ...unexplained.map((one) => trace(after, one))].map((one) =>
      explainRemaining(after, one),
    ),
    staysBroken:
      choice.kind !== 'services'
        ? []
        : listStaysBroken(
            choice.services,
            probes.filter((one) => !passes(after, one)),
          ),
    notes: [
      ...noteQueues(ruleset, found.stops, surroundings.facts?.queues ?? null),
      ...findNotes(ruleset, found.stops),
      ...noteLeaving(found.repaired.map((one) => trace(after, one))),
      ...bootAdvice,
    ],
    jumped: findJumped(ruleset, placed, surroundings),
    keptGuards: found.keptGuards,
    proof: proveNothingElse(ruleset, after, changes),
  };
}

/** What is let through to leave lo is not seen to arrive. */
function noteLeaving(traces: readonly Trace[]): string[] {
  const ends = traces.flatMap(({ conversation: { protocol, destinationPort }, sentAway: [to] }) =>
    to === undefined ? [] : [`${protocol}/${destinationPort} (to ${to.address ?? 'one of several addresses'})`],
  );
  return ends.length === 0
    ? []
    : [
        `NAT sends ${[...new Set(ends)].join(', ')} off lo: the rules for lo let that out then, and whether it is answered is not theirs to say.`,
      ];
}

/** The permits in the places that the manager keeps, the best ones first, if they do the same there; else as they are. */
function sayByManager(
  ruleset: Ruleset,
  found: FoundPermits,
  options: FixOptions,
  passes: (rules: Ruleset, one: Conversation) => boolean,
): FoundPermits {
  const permits = found.placed.map(({ wanted }) => wanted);
  for (const restate of options.manager ? (RESTATE[options.manager] ?? []) : []) {
    const restated = restate(ruleset, permits, options.directRules ?? []);
    if (restated === null) continue;
    const { placed, after } = placeChanges(ruleset, restated);
    if (found.repaired.every((one) => passes(after, one))) return { ...found, placed, after };
  }
  return found;
}

type Restate = (
  ruleset: Ruleset,
  permits: readonly WantedPermit[],
  directRules: readonly DirectRule[],
) => WantedPermit[] | null;

const RESTATE: Readonly<Record<string, readonly Restate[]>> = {
  ufw: [restateAsUfwRules, restateInUfwFiles],
  firewalld: [restateInFirewalld],
};

/** What the plan is asked for: with `all`, what fails and all probes; else the services, where they fail and at each address. */
export function findGoals(
  failing: readonly Conversation[],
  choice: Choice,
  probes: readonly Conversation[],
  { ownAddresses }: Surroundings,
): readonly Conversation[] {
  if (choice.kind !== 'services') return [...failing, ...probes];
  const addresses = ownAddresses ?? ['127.0.0.1', '::1', ...failing.map(({ destination }) => destination)];
  const chosen = failing.filter((one) => isChosen(choice, one));
  return [
    ...chosen,
    ...choice.services.flatMap((service) => conversationsWith(service, addresses, choice.users ?? [])),
  ];
}

function conversationsWith(
  { protocol, port }: Service,
  addresses: readonly string[],
  users: readonly User[],
): Conversation[] {
  const usual = addresses.filter((text) => {
    const address = parseAddress(text);
    // Of 127.0.0.0/8, programs use the first.
    return address !== null && (text === '127.0.0.1' || address === 1n || !isLoopbackAddress(address));
  });
  return [...new Set(usual)].flatMap((address) => {
    const asRoot = rootConversation(protocol, address, port);
    return [asRoot, ...users.map((user) => ({ ...asRoot, ...user }))];
  });
}

function isChosen(choice: Choice, one: Conversation): boolean {
  return choice.kind !== 'services' || choice.services.some((service) => isOf(service, one));
}

function isOf({ protocol, port }: Service, one: Conversation): boolean {
  return protocol === one.protocol && (protocol === 'icmp' || port === one.destinationPort);
}
