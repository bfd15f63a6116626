// Step 4 in words: what can be permitted, the exact commands, where the rule goes and why, and what was proved.

import {
  type Change,
  type Deed,
  type FixPlan,
  isForAll,
  type JumpedRule,
  type PolicyChange,
  type Remaining,
  type Service,
} from '../firewall/fix/plan.ts';
import { nameConversation } from '../naming/conversations.ts';
import { count, enumerateFew, nameNumbers } from '../naming/numbers.ts';
import { nameChain, nameRule } from '../naming/rules.ts';
import type { Event } from '../wizard/event.ts';
import type { Case, PhaseOf } from '../wizard/state.ts';
import { tellTerms, termsOf } from '../words/glossary.ts';
import { type Block, gap, type Page, type PageChoice, type RuleRow, span, text } from '../words/page.ts';
import { tellRehearsal } from '../words/rehearsal.ts';
import { shellLine } from '../words/shell-line.ts';
import { page, tellProblem } from './pages.ts';

/** What a plan permits, in a few words. */
export const namePlan = ({ choice, keptGuards }: FixPlan): string => {
  if (choice.kind === 'services') return nameServices(choice.services);
  return keptGuards.length === 0 ? 'all loopback traffic' : 'loopback traffic, but for what guards stop';
};

/** `tcp/25, udp/53 and icmp`. */
export const nameServices = (services: readonly Service[]): string =>
  enumerateFew(services.map(({ protocol, port }) => (port === null ? protocol : `${protocol}/${port}`)));

const isUseful = ({ changes }: FixPlan): boolean => changes.length > 0;

const opensGuards = ({ jumped }: FixPlan): boolean => jumped.some(({ isGuard }) => isGuard);

/** The widest that opens no guard; where all do, the narrowest. */
const findRecommended = (plans: readonly FixPlan[]): FixPlan | undefined =>
  plans.find((plan) => isForAll(plan.choice) && !opensGuards(plan)) ??
  plans.find(({ choice }) => choice.kind === 'services') ??
  plans[0];

const labelPlan = (plan: FixPlan): string => {
  if (plan.choice.kind === 'services') return `Permit only ${namePlan(plan)} on loopback`;
  return opensGuards(plan) ? `Permit ${namePlan(plan)}, and open its guards` : `Permit ${namePlan(plan)}`;
};

const planChoices = (plans: readonly FixPlan[]): PageChoice<Event>[] => {
  const recommended = findRecommended(plans);
  return plans.map((plan) => {
    const choice = { label: labelPlan(plan), event: { name: 'plan-chosen', plan } as const };
    return plan === recommended ? { ...choice, label: `${choice.label} (recommended)`, recommended: true } : choice;
  });
};

/** Rules that a text names at the most. */
const MOST_NAMED = 12;

const listFew = (items: readonly string[]): Block => ({
  kind: 'list',
  items:
    items.length <= MOST_NAMED
      ? items
      : [...items.slice(0, MOST_NAMED), `and ${items.length - MOST_NAMED} more: fix --dry-run --json names all`],
});

const DEEDS: Readonly<Record<Deed, string>> = {
  stops: 'stops what it matches',
  queues: 'hands what it matches to a program',
  logs: 'logs',
  marks: 'sets marks or header fields',
  lists: 'writes into a list that other rules ask',
  counts: 'counts',
  untracks: 'keeps from connection tracking',
  unknown: 'does something that lo-doctor does not know',
};

const tellJumped = ({ rule, does, isGuard }: JumpedRule): string =>
  isGuard
    ? `${nameRule(rule)}: a guard, it stops some of them on purpose. This opens it.`
    : `${nameRule(rule)}: ${does.map((deed) => DEEDS[deed]).join(', ')}`;

/** What the permits go round, and what they leave in force. */
export const tellGuards = ({ jumped, keptGuards }: FixPlan): Block[] => [
  ...(jumped.length === 0
    ? []
    : [
        text(span('warn', 'Packets on lo will no longer meet:')),
        listFew(jumped.toSorted((a, b) => Number(b.isGuard) - Number(a.isGuard)).map(tellJumped)),
      ]),
  ...(keptGuards.length === 0
    ? []
    : [
        text('Left in force, as they stop some of loopback on purpose:'),
        listFew(
          keptGuards.map(({ rule, conversation }) => `${nameRule(rule)}: stops ${nameConversation(conversation)}`),
        ),
      ]),
];

const tellRemaining = (remaining: readonly Remaining[]): Block[] =>
  remaining.length === 0
    ? []
    : [
        text(span('warn', "A firewall rule can't put this right:")),
        {
          kind: 'list',
          items: remaining.map(
            ({ conversation, why, rule }) =>
              `${nameConversation(conversation)}: ${why}${rule ? ` (${nameRule(rule)})` : ''}`,
          ),
        },
      ];

const leave: PageChoice<Event> = { label: 'Leave it as it is', event: { name: 'quit-chosen' } };

const choosing = (plans: readonly FixPlan[]): Page<Event> => {
  const useful = plans.filter(isUseful);
  const narrow = useful.find(({ choice }) => choice.kind === 'services');
  if (useful.length === 0)
    return page({
      title: 'No firewall rule would put this right',
      body: [
        ...plans
          .slice(0, 1)
          .flatMap(({ remaining, notes }) => [...tellRemaining(remaining), ...notes.map((note) => text(note))]),
      ],
      choices: [{ ...leave, recommended: true }],
      back: { name: 'back-chosen' },
    });
  return page({
    title: 'How much shall be permitted?',
    body: [
      ...useful.slice(0, 1).flatMap(tellOwnersWords),
      ...useful.slice(0, 1).flatMap(tellKept),
      text(
        span('strong', 'All loopback traffic. '),
        "Only programs on this server can use lo, so it gives an outsider nothing: whoever could misuse it is on the server already. And the next local service won't fail the same way.",
      ),
      ...(narrow === undefined
        ? []
        : [
            gap,
            text(
              span('strong', `Only ${namePlan(narrow)}. `),
              'The tighter policy; other local connections stay stopped.',
            ),
            ...(narrow.staysBroken.length > 0 ? [{ kind: 'list', items: narrow.staysBroken } as const] : []),
          ]),
      gap,
      text(span('dim', 'The next page shows the exact commands. Nothing is changed yet.')),
    ],
    choices: [...planChoices(useful), leave],
    back: { name: 'back-chosen' },
    commands: commandLines(findRecommended(useful)?.byHand ?? []),
    why: tellTerms(termsOf([], ['permit-all', 'replies', 'order', 'trial'])),
  });
};

/** Where there are guards, what the first choice does with them and the others don't. */
const tellKept = ({ keptGuards }: FixPlan): Block[] =>
  keptGuards.length === 0
    ? []
    : [
        text(
          span('strong', 'Some rules stop loopback on purpose. '),
          `${enumerateFew(keptGuards.map(({ rule }) => nameRule(rule)))}: by owner, port or address. What fails can be had without opening them.`,
        ),
        gap,
      ];

const FINAL = 'final rule';

/** A chain afterwards, folded but for the changes, their neighbours, what stopped it, and the final rule. */
const listChange = ({ after, final }: PolicyChange): RuleRow[] => {
  const added = after.flatMap(({ sign }, index) => (sign === '+' ? [index] : []));
  // The policy behind a final rule is never reached.
  const reached = after.filter(({ number }) => number !== 0 || final === 0 || final === null);
  return reached.map(({ number, text, sign }, index): RuleRow => {
    const row = { number: number === 0 ? '' : String(number), text };
    if (sign === '+') return { ...row, sign, note: 'new' };
    if (number === final) return { ...row, sign: '>', note: FINAL };
    if (sign === '>') return { ...row, sign: 'x', note: 'stopped it' };
    return { ...row, sign, isFolded: !added.some((place) => Math.abs(place - index) <= 1) };
  });
};

/** Where the added rules go and why; those of one chain with one reason in a line. */
const tellReasons = (changes: readonly Change[]): string[] =>
  [...Map.groupBy(changes, ({ place, reason }) => `${nameChain(place)}\0${reason}`).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const numbers = group.map(({ position }) => position);
    return [
      `${nameChain(first.place)}, as ${group.length === 1 ? 'rule' : 'rules'} ${nameNumbers(numbers)}: ${first.reason}`,
    ];
  });

/** A command as it is run; what it reads from standard input stands below it. */
export const commandLines = (commands: FixPlan['apply']): string[] =>
  commands.flatMap(({ command, input = '' }) => [
    shellLine(command),
    ...input
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => `  ${line}`),
  ]);

const COUNTED = text(
  span('dim', "(Its numbers count lo-doctor's temporary LOG rules. Those go on leaving, so the list is without them.)"),
);

/** What whoever has banned an address here is to be told first. */
const tellOwnersWords = ({ ownersWords }: FixPlan): Block[] =>
  ownersWords.length === 0 ? [] : [...ownersWords.map((words) => text(span('warn', 'First: '), words)), gap];

/** A plan in blocks: its commands, the policy afterwards, why there, what was proved, what stays. */
export const tellPlan = (plan: FixPlan): Block[] => [
  ...tellOwnersWords(plan),
  { kind: 'code', lines: commandLines(plan.apply) },
  ...(commandLines(plan.apply).join() === commandLines(plan.byHand).join() ? [] : [COUNTED]),
  gap,
  ...plan.policies.flatMap((policy): Block[] => [
    text(span('strong', nameChain(policy.place)), ' afterwards:'),
    { kind: 'rules', rows: listChange(policy) },
  ]),
  gap,
  { kind: 'list', items: tellReasons(plan.changes) },
  text(
    span(plan.proof.holds ? 'good' : 'bad', plan.proof.holds ? 'Proved beforehand: ' : 'Not proved: '),
    plan.proof.statement,
  ),
  ...tellGuards(plan),
  ...tellRemaining(plan.remaining),
  ...(plan.staysBroken.length > 0
    ? [text('What stays stopped:'), { kind: 'list', items: plan.staysBroken } as const]
    : []),
  ...plan.notes.map((note) => text(note)),
];

type Reviewing = Extract<PhaseOf<'fix'>, { name: 'reviewing-fix' }>;

/** What a rehearsal has shown, or why there was none. */
const tellRehearsed = (rehearsal: Reviewing['rehearsal']): Block[] => {
  if (rehearsal === null) return [];
  const told =
    'outcome' in rehearsal
      ? tellRehearsal(rehearsal)
      : [text(span('bad', 'The rehearsal could not be held:')), ...tellProblem(rehearsal)];
  return [...told, gap];
};

const reviewing = ({ plan, rehearsal }: Reviewing, confirmWithin: number): Page<Event> => {
  const apply: PageChoice<Event> = {
    label: `Apply it on trial: permit ${namePlan(plan)}, with a rollback`,
    event: { name: 'apply-chosen' },
    recommended: true,
  };
  return page({
    title: `Permit ${namePlan(plan)}: ${count(plan.apply.length, 'command')}`,
    body: [
      ...tellRehearsed(rehearsal),
      ...tellPlan(plan),
      text(`Applied, it is taken back by itself after ${confirmWithin} s unless you keep it.`),
    ],
    choices: [
      // What could not be proved harmless is not applied by lo-doctor.
      ...(plan.proof.holds ? [apply] : []),
      {
        label: 'Leave, and run the commands myself',
        event: { name: 'commands-chosen' },
        recommended: !plan.proof.holds,
      },
      {
        label: 'Try the rollback out first, on a rule that does nothing (some 15 s)',
        event: { name: 'rehearsal-chosen' },
      },
      { label: 'Back: permit more or less', event: { name: 'back-chosen' } },
    ],
    // Applying takes a key of its own: no Enter too many may change a server.
    initial: null,
    back: { name: 'back-chosen' },
    commands: commandLines(plan.byHand),
    why: tellTerms(termsOf([], ['order', 'final-rule', 'by-hand', 'permit-all', 'trial'])),
  });
};

/** The page of a phase of step 4. */
export const fixPage = (phase: PhaseOf<'fix'>, { confirmWithin }: Case): Page<Event> => {
  switch (phase.name) {
    case 'choosing-fix': {
      const chosen = choosing(phase.plans);
      if (phase.problem === null) return chosen;
      const leaveAll = phase.plans.length > 0 ? chosen.choices : [{ ...leave, recommended: true }];
      return page({ ...chosen, title: 'The fix was not applied', body: tellProblem(phase.problem), choices: leaveAll });
    }
    case 'reviewing-fix':
      return reviewing(phase, confirmWithin);
    case 'rehearsing':
      return page({
        title: 'Trying the rollback out',
        busy: 'A rule that does nothing is in force; nobody confirms it, so it has to go by itself',
      });
    case 'planning-fix':
      return page({ title: 'Working out the fix', busy: 'Evaluating where the rule has to go' });
  }
};
