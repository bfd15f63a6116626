// Step 5 in words: the fix is in force on trial, what works now, and whether to keep it.

import { judgeAttempt } from '../diagnosis/attempt.ts';
import { nameConversation } from '../naming/conversations.ts';
import { count } from '../naming/numbers.ts';
import type { Event } from '../wizard/event.ts';
import type {
  Case,
  Lasting,
  Outcome,
  Phase,
  PhaseOf,
  SavedForBoot,
  Verification,
  VerificationResult,
} from '../wizard/state.ts';
import { tellAttempt } from '../words/attempts.ts';
import { type Block, gap, type Page, span, text } from '../words/page.ts';
import { commandLines } from './4-fix.ts';
import { page, tellProblem } from './pages.ts';
import { tellDebrief } from './practice.ts';

/** What was seen after the fix, in blocks. */
export const tellVerification = ({ attempts, drops, packets, passes }: Verification): Block[] => [
  attempts.length > 0
    ? { kind: 'list', items: attempts.map(tellAttempt) }
    : text(`Nothing could be tried: no service listens where it was stopped. ${byRules(passes)}`),
  text(
    drops === null
      ? 'No log can be read here.'
      : drops.length === 0
        ? span('good', 'No loopback drop logged since.')
        : span('bad', `${count(drops.length, 'loopback drop')} logged since.`),
    packets === null ? '' : ` The new rule has let ${count(packets, 'packet')} through.`,
  ),
];

const byRules = (passes: boolean): string =>
  passes ? 'By the rules it passes now.' : 'By the rules something of it is still stopped.';

/** The question, by what the retest has shown; `isAdvised`: to keep it. */
const QUESTIONS: Record<VerificationResult, { readonly title: string; readonly isAdvised: boolean }> = {
  works: { title: 'It works now. Keep the fix?', isAdvised: true },
  fails: { title: 'It still fails. Take the fix back?', isAdvised: false },
  untried: {
    title: 'The firewall lets it through now; nothing has shown yet that it works. Keep the fix?',
    isAdvised: true,
  },
};

/** What keeping writes, line by line. */
const tellLasting = (lasting: readonly Lasting[]): Block[] =>
  lasting.flatMap(({ file, lines }): Block[] => [
    text(file === null ? 'No file of the next boot was found for' : `Keeping writes into ${file}:`),
    { kind: 'code', lines },
  ]);

const confirming = (
  { verification, lasting }: Extract<Phase, { name: 'awaiting-confirmation' }>,
  seconds: number,
): Page<Event> => {
  const { title, isAdvised } = QUESTIONS[verification.result];
  return page({
    title,
    body: [
      ...tellVerification(verification),
      gap,
      ...tellLasting(lasting ?? []),
      text('Keeping saves it for the next boot too. Silence, Ctrl-C or a lost connection takes it back.'),
    ],
    busy: seconds > 0 ? `Rolls back by itself in ${seconds} s` : 'Time is up: rolling back',
    choices: [
      { label: 'Keep the fix, also for the next boot', event: { name: 'keep-chosen' }, recommended: isAdvised },
      { label: 'Take it back now', event: { name: 'roll-back-chosen' }, recommended: !isAdvised },
    ],
  });
};

/** How a walk ended, in a line. */
export const tellOutcome = (outcome: Outcome, { verification }: Pick<Case, 'verification'>): string =>
  outcome === 'kept-unverified' ? `${ENDINGS[outcome]}: ${tellStillFailing(verification)}` : ENDINGS[outcome];

/** What the retest has shown instead of success. */
const tellStillFailing = (verification: Verification | null): string => {
  if (verification === null) return 'nothing was tried again';
  const { attempts, drops, passes, result } = verification;
  const failed = attempts.filter((one) => judgeAttempt(one) === 'fails');
  const command = failed.find((one) => one.kind === 'command');
  if (command !== undefined)
    return command.code === null ? 'the command still does not end' : `the command still ends with ${command.code}`;
  const [first] = failed;
  if (first?.kind === 'connection') return `${nameConversation(first.conversation)} still fails`;
  if (!passes) return 'by the rules something is still stopped';
  if (result === 'fails') return `${count(drops?.length ?? 0, 'loopback drop')} logged since`;
  return attempts.length === 0
    ? 'nothing could be tried, for no service listens where it was stopped'
    : 'what was tried got no answer that could tell';
};

const ENDINGS: Record<Outcome, string> = {
  healthy: 'Loopback passes; nothing was changed',
  fixed: 'Fixed, verified and kept',
  'kept-unverified': 'Kept, not verified',
  'rollback-failed': 'The fix could not be taken back completely',
  'rolled-back': 'Rolled back: the rules are as they were before',
  unfixed: 'Loopback is still blocked; nothing was changed',
  'not-the-firewall': 'Loopback needs no permit for what was found; nothing was changed',
  unexplained: 'By its rules the firewall lets loopback pass; what fails, or why, was not seen',
  'cant-tell': "Whether the firewall stops loopback can't be told; nothing was changed",
  'could-not-look': 'The walk ended before the rules were read',
};

/** What the next boot will load. */
export const tellSaved = ({ saved }: Case): Block[] => {
  if (saved === null) return [];
  const [mark, said, rest] = sayWhetherSaved(saved);
  return [
    text(span(mark, said), rest),
    ...(saved.proof === null ? [] : [text(span('good', 'Proved: '), `${saved.proof}.`)]),
    ...(saved.advice.length > 0 ? [{ kind: 'list', items: saved.advice } as const] : []),
    ...saved.backups.map((backup) => text(span('dim', `Backup: ${backup}`))),
  ];
};

/** Whether the fix is saved for the next boot: how sure that is, what is so, and the rest of the sentence. */
export const sayWhetherSaved = ({
  files,
  nextBoot,
}: Pick<SavedForBoot, 'files' | 'nextBoot'>): readonly ['good' | 'warn' | 'bad', string, string] => {
  const where = files.join(' and ');
  const isWritten = files.length > 0;
  const untilThen = ' it lasts until the rules are loaded anew.';
  switch (nextBoot) {
    case 'passes':
      return isWritten
        ? ['good', 'Saved for the next boot', ` in ${where}.`]
        : ['good', 'Nothing had to be saved', ' for the next boot.'];
    case 'blocked':
      return isWritten
        ? ['bad', 'Not safe at the next boot:', ` the rule is written into ${where}, and loopback is stopped there.`]
        : ['bad', 'Not saved for the next boot:', untilThen];
    case 'unknown':
      return isWritten
        ? ['warn', 'Not proved for the next boot:', ` the rule is written into ${where}.`]
        : ['warn', 'Not saved for the next boot:', untilThen];
  }
};

const isKept = (outcome: Outcome): boolean => outcome === 'fixed' || outcome === 'kept-unverified';

/** Why a fix was taken back, by what happened last before it was. */
export const tellWhy = ({ history, confirmWithin }: Pick<Case, 'history' | 'confirmWithin'>): string => {
  const onTrial = history.slice(history.findLastIndex(({ event }) => event === 'applied'));
  const last = onTrial.map(({ event }) => WHY[event]).findLast((why) => why !== undefined);
  return last ?? `Why: nobody kept it within ${confirmWithin} s.`;
};

const WHY: Partial<Record<Event['name'], string>> = {
  'roll-back-chosen': 'Why: taking it back was chosen.',
  'quit-chosen': 'Why: the wizard was left before it was kept, by q, Ctrl-C, a signal or a lost connection.',
  'keep-chosen': 'Why: its time was up before it could be kept.',
  failed: 'Why: the server refused something while it was on trial.',
};

/** What can be done later, as lines for the shell that this program was started from. */
const commandsAfter = (outcome: Outcome, { id, program }: Case): readonly string[] => {
  if (isKept(outcome) || outcome === 'rollback-failed') return [`${program} undo ${id}`];
  return outcome === 'rolled-back' || outcome === 'unfixed' ? [program, `${program} fix --all --dry-run`] : [];
};

/** What stays on the server for later. */
const tellAfter = ({ outcome, report }: Extract<Phase, { name: 'finished' }>, walk: Case): Block[] => {
  const commands = commandsAfter(outcome, walk);
  return [
    ...(commands.length === 0
      ? []
      : [
          text(isKept(outcome) ? 'To take it back later:' : outcome === 'rollback-failed' ? 'To try again:' : 'Later:'),
          { kind: 'code', lines: commands } as const,
        ]),
    ...(report === null ? [] : [text(`Report: ${report}`)]),
  ];
};

const finished = (phase: Extract<Phase, { name: 'finished' }>, walk: Case): Page<Event> =>
  page({
    title: tellOutcome(phase.outcome, walk),
    body: [
      ...(phase.outcome === 'rolled-back' ? [text(tellWhy(walk))] : []),
      ...(walk.verification === null || !isKept(phase.outcome) ? [] : tellVerification(walk.verification)),
      ...tellSaved(walk),
      ...(walk.plan === null || phase.outcome !== 'unfixed'
        ? []
        : [
            text('The commands of the fix, not run:'),
            { kind: 'code', lines: commandLines(walk.plan.byHand) } as const,
          ]),
      ...(walk.logging === null || phase.problem !== null ? [] : [text('The temporary LOG rules are gone.')]),
      ...(walk.story === null ? tellAfter(phase, walk) : tellDebrief(walk.story, walk, phase.outcome)),
      ...(phase.problem === null ? [] : tellProblem(phase.problem)),
    ],
  });

/** The page of a phase of step 5. `now` drives the countdown. */
export const verifyPage = (phase: PhaseOf<'verify'>, walk: Case, now: Date): Page<Event> => {
  switch (phase.name) {
    case 'applying':
      return page({ title: 'Applying the fix', busy: 'Arming the rollback first, then adding the rules' });
    case 'verifying':
      return page({ title: 'The fix is on trial', busy: 'Trying again what failed' });
    case 'awaiting-confirmation': {
      const left = phase.trial.deadline.getTime() - now.getTime();
      return confirming(phase, Math.max(0, Math.ceil(left / 1000)));
    }
    case 'keeping':
      return page({ title: 'Keeping the fix', busy: 'Saving it for the next boot' });
    case 'rolling-back':
      return page({ title: 'Taking the fix back', busy: 'Removing the added rules' });
    case 'leaving':
      return page({ title: 'Cleaning up', busy: 'Taking the temporary logging away, writing the report' });
    case 'finished':
      return finished(phase, walk);
  }
};
