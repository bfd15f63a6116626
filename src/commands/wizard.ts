// `lo-doctor` and `lo-doctor practice`: the wizard, on this server or on the practice server.

import type { Screen } from '../faces/ink/wipe-on-shrink.ts';
import { localHost } from '../host/local.ts';
import type { Caller } from '../host/trial/server-lock.ts';
import { EXIT } from '../options/exit-codes.ts';
import type { Event } from '../wizard/event.ts';
import type { Outcome, Walk } from '../wizard/state.ts';
import type { Store } from '../wizard/store.ts';
import { serverWork } from '../work/server-work.ts';
import { atWork } from './cases/at-work.ts';
import { nameCase } from './cases/name-case.ts';
import { settleLeftOver } from './cases/settle-left-over.ts';
import type { Io } from './io.ts';
import { endPractice, openPractice, storyOf } from './practice.ts';
import { type Face, runWalk } from './run-walk.tsx';

/** `practice`: the scenario, or null for this server. `onLeave` hands out how to leave the walk when a signal asks for it. */
export type WizardOptions = {
  practice: string | null;
  confirmWithin: number;
  program: string;
  caller: Caller;
  isPlain: boolean;
  io: Io;
  onLeave: (leave: () => void) => void;
  onDefect: (error: unknown) => void;
  interrupt: () => void;
  suspend: () => Promise<void>;
  screen: Screen;
  /** Where what was practised is kept. */
  env: NodeJS.ProcessEnv;
};

/** docs/contract.md's exit codes for how a walk ended. */
const EXIT_CODES: Record<Outcome, number> = {
  healthy: EXIT.done,
  fixed: EXIT.done,
  'not-the-firewall': EXIT.done,
  'kept-unverified': EXIT.blocked,
  unfixed: EXIT.blocked,
  unexplained: EXIT.cantTell,
  'cant-tell': EXIT.cantTell,
  'could-not-look': EXIT.couldNot,
  'rolled-back': EXIT.rolledBack,
  'rollback-failed': EXIT.couldNot,
};

const faceOf = ({ practice, isPlain, io }: WizardOptions): Face => {
  if (!io.isTerminal) return practice === null ? 'plain' : 'alone';
  return isPlain ? 'plain' : 'wizard';
};

/** Leaves now, or as soon as the phase allows it: a change that is being applied is finished first, then taken back. */
const leaveSoon = (store: Store<Walk, Event>) => {
  const leave = () => store.send({ name: 'quit-chosen' });
  store.subscribe(leave);
  leave();
};

/** Runs the wizard; resolves with the exit code. Rejects with a HostError where it can't begin. */
export const runWizard = async (options: WizardOptions): Promise<number> => {
  const { practice, io, confirmWithin } = options;
  const host = practice === null ? localHost() : openPractice(practice, io);
  const play = async (caseId: string): Promise<number> => {
    const story = practice === null ? null : storyOf(practice);
    const { outcome, verified, walk } = await runWalk({
      work: serverWork({ host, caseId, now: io.now }),
      caseId,
      confirmWithin,
      story,
      program: options.program,
      face: faceOf(options),
      io,
      onStore: (store) => options.onLeave(() => leaveSoon(store)),
      onDefect: options.onDefect,
      interrupt: options.interrupt,
      leave: leaveSoon,
      suspend: options.suspend,
      screen: options.screen,
    });
    if (story !== null && endPractice(story, walk, outcome, { ...io, env: options.env })) return 0;
    // In practice 0 says solved; what ended well without that was left too early.
    if (story !== null && EXIT_CODES[outcome] === 0) return EXIT_CODES.unfixed;
    // What nothing could show is not known, and neither a success nor a failure.
    return outcome === 'kept-unverified' && verified === 'untried' ? EXIT_CODES['cant-tell'] : EXIT_CODES[outcome];
  };
  if (practice !== null) return play(nameCase(io.now()));
  return atWork({ host, work: 'lo-doctor (the wizard)', caller: options.caller, io }, async (caseId) => {
    await settleLeftOver(host, (line) => io.stderr(`${line}\n`));
    return play(caseId);
  });
};
