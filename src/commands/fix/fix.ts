// `lo-doctor fix`: the fix without the wizard, for those who know what they want, and for scripts.

import { isWayBlocked } from '../../diagnosis/inspect/inspect.ts';
import type { Trace } from '../../firewall/conversation/trace.ts';
import { type Choice, type FixPlan, isForAll } from '../../firewall/fix/plan.ts';
import { type Host, HostError } from '../../host/host.ts';
import { nameConversation } from '../../naming/conversations.ts';
import { nameRule } from '../../naming/rules.ts';
import { EXIT } from '../../options/exit-codes.ts';
import { tellFinding } from '../../steps/3-read-log.ts';
import { commandLines, namePlan, nameServices, tellGuards, tellPlan } from '../../steps/4-fix.ts';
import { tellOutcome, tellSaved, tellVerification } from '../../steps/5-verify.ts';
import { outcomeOf } from '../../wizard/next.ts';
import { begin, type Case } from '../../wizard/state.ts';
import type { Work } from '../../wizard/work.ts';
import { tellNextBoot } from '../../words/next-boot.ts';
import { type Block, span, text, withGaps } from '../../words/page.ts';
import { serverWork } from '../../work/server-work.ts';
import {
  diagnosisOf,
  findFailing,
  findInTheDark,
  findStillUnknown,
  forAllUsers,
  isUnknown,
  withoutGuarded,
} from '../../work/what-fails.ts';
import type { Io } from '../io.ts';
import { printBlocks } from '../print-blocks.ts';
import { type End, EXIT_CODES, fixDocument } from './fix-document.ts';

/** `keep` asks, keeps what works, or waits for `lo-doctor confirm`. */
export type FixCommandOptions = {
  readonly choice: Choice;
  readonly isDryRun: boolean;
  readonly yes: boolean;
  /** Seconds for the confirmation; null: not said, a fix that works is kept at once with `yes`. */
  readonly confirmWithin: number | null;
  readonly json: boolean;
};

/** `onLeave` hands out how to end it from outside (signals): what is on trial then is taken back. */
export type FixParts = {
  readonly host: Host;
  readonly caseId: string;
  readonly io: Io;
  readonly onLeave?: (leave: () => void) => void;
};

const DEFAULT_WITHIN = 60;

const OPENED_BY =
  'To open one: lo-doctor fix --service and what it stops, as tcp/6379. To open all: lo-doctor fix --all --open-guards.';

const NO_CURE = 'Something that is no firewall rule stops loopback here, and no firewall rule cures that:';
const NOT_ALONE = 'Something that is no firewall rule may stop loopback here:';

const nameChoice = (choice: Choice): string =>
  choice.kind === 'services' ? nameServices(choice.services) : 'loopback';

/** What is not known, and what would settle it. */
const tellDoubts = (choice: Choice, failing: readonly Trace[]): Block[] => {
  const { doubts, away } = findInTheDark(failing);
  const items = [
    ...doubts.map(({ what, settledBy, rule }) => `"${what}" in ${nameRule(rule)}; it would be settled by ${settledBy}`),
    ...away.map(tellAway),
  ];
  const cant = span('warn', `Whether ${nameChoice(choice)} passes can't be told`);
  return items.length === 0 ? [text(cant, '.')] : [text(cant, '. It depends on:'), { kind: 'list', items }];
};

/** Where NAT sends a conversation decides what becomes of it. */
const tellAway = ({ conversation, sentAway: [to] }: Trace): string =>
  `what NAT sends off lo: ${nameConversation(conversation)}${to === undefined ? '' : ` goes to ${to.address ?? 'one of several addresses'} by ${nameRule(to.rule)}`}; it would be settled by trying it`;

const agree = async (io: Io, question: string, leaving: AbortSignal): Promise<boolean> => {
  const { ask, close } = io.openPrompt();
  const answer = leaving.aborted ? null : await ask(`${question} [y/N] `, leaving);
  close();
  return /^y(es)?$/i.test(answer?.trim() ?? '');
};

/** Runs the fix; resolves to the exit code. Rejects with a HostError where the server refuses. */
export const runFix = async (
  options: FixCommandOptions,
  { host, caseId, io, onLeave = () => {} }: FixParts,
): Promise<number> => {
  const leave = new AbortController();
  onLeave(() => leave.abort());
  const work = serverWork({ host, caseId, now: io.now });
  const say = (blocks: readonly Block[]) => {
    if (!options.json) io.stdout(printBlocks(blocks, io));
  };
  const inspection = await work.inspect();
  const confirmWithin = options.confirmWithin ?? DEFAULT_WITHIN;
  const known = begin({ id: caseId, startedAt: io.now(), confirmWithin, story: null }).case;
  const choice = forAllUsers(options.choice, inspection);
  const failing = findFailing(inspection, choice);
  const asked = withoutGuarded(inspection, choice, failing);
  const walk: Case = { ...known, inspection, diagnosis: diagnosisOf(inspection, asked) };

  const finish = (end: End, plan: FixPlan | null, found: Partial<Case> = {}): number => {
    const dark = findInTheDark(plan === null || end === 'cant-tell' ? failing : findStillUnknown(inspection, plan));
    if (options.json) io.stdout(`${JSON.stringify(fixDocument(end, { ...walk, ...found, plan }, dark))}\n`);
    const isUntold =
      end === 'kept-unverified' || end === 'waits-unverified'
        ? found.verification?.result === 'untried'
        : EXIT_CODES[end] === EXIT.done && dark.doubts.length > 0;
    return EXIT_CODES[isUntold ? 'cant-tell' : end];
  };

  const { wayFaults } = inspection;
  const inTheWay = wayFaults.filter(({ outcome }) => outcome !== 'works' && outcome !== 'absent');
  if (inTheWay.length > 0)
    say([
      text(span('warn', isWayBlocked(inspection) ? NO_CURE : NOT_ALONE)),
      ...withGaps(inTheWay.map(({ finding }) => tellFinding(finding))),
    ]);
  if (failing.length === 0) {
    if (inTheWay.length > 0) return finish(isWayBlocked(inspection) ? 'no-cure' : 'cant-tell', null);
    const isAll = isForAll(options.choice);
    const what = isAll ? 'Loopback passes' : `No rule stops ${nameChoice(options.choice)} on loopback`;
    say([
      text(`${what}: there is nothing to fix.`),
      ...(inspection.nextBoot === undefined ? [] : tellNextBoot(inspection.nextBoot)),
    ]);
    return finish('nothing-to-do', null);
  }
  const [plan] = await work.planFix(walk, [choice]);
  if (plan !== undefined && asked.length === 0 && plan.changes.length === 0) {
    say([
      text('Only rules that stop some of loopback on purpose stop it, and they stay.'),
      ...tellGuards(plan),
      text(OPENED_BY),
    ]);
    return finish('guarded', plan);
  }
  if (plan === undefined || plan.changes.length === 0 || !plan.proof.holds) {
    if (failing.every(isUnknown)) {
      say([...tellDoubts(choice, failing), text('No permit was found that is right either way.')]);
      return finish('cant-tell', plan ?? null);
    }
    say([text('No firewall rule would put this right.'), ...(plan ? tellPlan(plan) : [])]);
    return finish('no-cure', plan ?? null);
  }
  if (failing.every(isUnknown))
    say([
      ...tellDoubts(choice, failing),
      text('This permit lets it pass whatever the answer is, and harms nothing if it passes already.'),
    ]);
  say([text(`Permit ${namePlan(plan)}:`), ...tellPlan(plan)]);
  if (options.isDryRun) return finish('dry-run', plan);
  if (!options.yes && !leave.signal.aborted) {
    if (!io.isTerminal)
      throw new HostError('Nothing was applied: without a terminal to ask in, --yes has to say so.', {
        nextSteps: ['lo-doctor fix --all --yes', 'lo-doctor fix --all --dry-run shows the commands only.'],
      });
    if (!(await agree(io, `Apply it? It is taken back after ${confirmWithin} s unless it is kept.`, leave.signal)))
      return finish('not-applied', plan);
  }
  if (leave.signal.aborted) {
    say([text('Ended: nothing was changed.')]);
    return finish('not-applied', plan);
  }
  return applyAndKeep(work, { ...walk, plan }, options, { io, say, finish, leaving: leave.signal });
};

type Told = {
  io: Io;
  say: (blocks: readonly Block[]) => void;
  finish: (end: End, plan: FixPlan | null, found?: Partial<Case>) => number;
  leaving: AbortSignal;
};

const applyAndKeep = async (
  work: Work,
  asked: Case,
  options: FixCommandOptions,
  { io, say, finish, leaving }: Told,
): Promise<number> => {
  if (asked.plan === null) return finish('no-cure', null);
  const { trial, plan } = await work.apply(asked, asked.plan);
  const { deadline } = trial;
  const walk: Case = { ...asked, plan };
  if (commandLines(plan.apply).join() !== commandLines(asked.plan.apply).join())
    say([
      text('The rules have changed meanwhile. The same permits were put in where they belong now:'),
      { kind: 'code', lines: commandLines(plan.apply) },
    ]);
  const verification = await work.verify(walk, leaving);
  say(tellVerification(verification));
  const seen = { verification };
  if (options.yes && options.confirmWithin !== null && !leaving.aborted) {
    const left = Math.floor((deadline.getTime() - Date.now()) / 1000);
    if (left > 0) {
      if (verification.result === 'fails')
        say([text(span('bad', 'It does not work yet.'), ' The rollback stays armed.')]);
      say([text(`It is taken back in ${left} s unless you run: lo-doctor confirm ${walk.id}`)]);
      return finish(verification.result === 'works' ? 'waits' : 'waits-unverified', plan, seen);
    }
    await work.rollBack();
    say([text('The time to confirm was up already. Rolled back: the rules are as they were before.')]);
    return finish('rolled-back', plan, seen);
  }
  // What could not be tried is no reason to take back what the rules prove.
  const isKept =
    !leaving.aborted &&
    (options.yes ? verification.result !== 'fails' : await agree(io, 'Keep it, also for the next boot?', leaving));
  const saved = isKept ? await work.keep(plan) : null;
  if (saved !== null) {
    const kept = { ...walk, ...seen, saved };
    const outcome = outcomeOf(kept);
    await work.writeReport(kept, outcome);
    say([text(tellOutcome(outcome, kept)), ...tellSaved(kept), text(`To take it back: lo-doctor undo ${walk.id}`)]);
    return finish(verification.result === 'works' ? 'kept' : 'kept-unverified', plan, { ...seen, saved });
  }
  if (!isKept) await work.rollBack();
  say([text('Rolled back: the rules are as they were before.')]);
  return finish('rolled-back', plan, seen);
};
