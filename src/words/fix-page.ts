// Step 4 in words: what can be permitted, the exact commands, where the rule goes and why, and what was proved.
import type { Change, FixPlan, PolicyChange, Remaining, Service } from '../firewall/fix/plan.ts';
import type { Event } from '../wizard/event.ts';
import type { Case, PhaseOf } from '../wizard/state.ts';
import { type Block, type Choice, gap, type Page, type RuleRow, span, text } from './page.ts';
import { page, tellProblem } from './pages.ts';
import { tellRehearsal } from './rehearsal.ts';
import { count, enumerateFew, nameChain, nameConversation, nameNumbers, nameRule, shellLine } from './rules.ts';

/** What a plan permits, in a few words. */
export const namePlan = ({ choice }: FixPlan): string =>
  choice.kind === 'all' ? 'all loopback traffic' : nameServices(choice.services);

/** `tcp/25, udp/53 and icmp`. */
export const nameServices = (services: readonly Service[]): string =>
  enumerateFew(services.map(({ protocol, port }) => (port === null ? protocol : `${protocol}/${port}`)));

const isUseful = ({ changes }: FixPlan): boolean => changes.length > 0;

const planChoice = (plan: FixPlan): Choice<Event> => {
  const event = { name: 'plan-chosen', plan } as const;
  if (plan.choice.kind === 'all')
    return { label: 'Permit all loopback traffic (recommended)', event, recommended: true };
  return { label: `Permit only ${namePlan(plan)} on loopback`, event };
};

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

const leave: Choice<Event> = { label: 'Leave it as it is', event: { name: 'quit-chosen' } };

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
    choices: [...useful.map(planChoice), leave],
    back: { name: 'back-chosen' },
  });
};

/** Rows of a chain around the changes: the added ones, their neighbours and the end. */
const listChange = ({ after }: PolicyChange): RuleRow[] => {
  const added = after.flatMap(({ sign }, index) => (sign === '+' ? [index] : []));
  const kept = after.map(
    (_, index) => index >= after.length - 2 || added.some((place) => Math.abs(place - index) <= 1),
  );
  return after.flatMap(({ number, text, sign }, index): RuleRow[] => {
    if (!kept[index]) return kept[index - 1] === false ? [] : [{ sign: ' ', number: '', text: '...' }];
    return [{ sign, number: number === 0 ? '' : String(number), text }];
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
    text(span('strong', nameChain(policy.place)), ' afterwards (+ is new):'),
    { kind: 'rules', rows: listChange(policy) },
  ]),
  gap,
  { kind: 'list', items: tellReasons(plan.changes) },
  text(
    span(plan.proof.holds ? 'good' : 'bad', plan.proof.holds ? 'Proved beforehand: ' : 'Not proved: '),
    plan.proof.statement,
  ),
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
  const apply: Choice<Event> = {
    label: `Apply it: permit ${namePlan(plan)}, with a rollback`,
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
      { label: 'Not now: back to the choice', event: { name: 'back-chosen' } },
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
    ],
    initial: 0,
    back: { name: 'back-chosen' },
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
