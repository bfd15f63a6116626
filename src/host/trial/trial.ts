// The safe change: a rollback armed outside of lo-doctor first, then the change, and silence takes it back.

import type { PlannedCommand } from '../../firewall/fix/plan.ts';
import { type Command, type Host, HostError, type RunResult } from '../host.ts';
import { whyFailed } from '../why-failed.ts';
import { armRollback, moveDeadline } from './arm-rollback.ts';
import { type CaseRecord, type CaseState, checkedId, listCases, readCase, type StoredCase } from './case-file.ts';
import { openChangeBook } from './change-book.ts';
import { whileSettling } from './lock.ts';
import { lookForTag } from './look-for-tag.ts';
import { backUpOwnersFiles, markOwnersFiles } from './owners-files.ts';

const APPLY_TIMEOUT = 30_000;
const ROLLBACK_TIMEOUT = 120_000;
/** So many milliseconds before the rollback begins, nothing is begun any more. */
const MARGIN = 200;

/** Seconds that a watchdog may be late: it is at work then. */
const GRACE = 5;
const SETTLE_TIMEOUT = 15_000;

/** A change in force that is taken back unless it is confirmed in time. */
export type Trial = {
  readonly id: string;
  /** When the rollback strikes, by this process's clock (milliseconds, as Date.now). */
  readonly rollsBackAt: number;
  /** Keeps the change. `rolled-back` when the time was up first: of the two exactly one happens. */
  confirm(): Promise<'confirmed' | RollbackOutcome>;
  /** Takes the rules out while the rollback stays armed, to put them in elsewhere; whatever is found gone. */
  takeOut(): Promise<void>;
  /** Puts rules in that the case's undo takes away; when one fails, or the time is up, everything is undone and the HostError says so. */
  putIn(apply: readonly PlannedCommand[]): Promise<void>;
  /** Lets it wait so many seconds from now. False when it has been decided already. */
  extend(seconds: number): Promise<boolean>;
  /** Takes the change back now. Also after `confirm`. */
  rollBack(): Promise<RollbackOutcome>;
  /** What has become of it, as any process may have decided. */
  state(): Promise<CaseState | 'forgotten'>;
};

/** A change that ends by itself, for rules that are needed only while lo-doctor looks. */
export type Temporary = {
  readonly id: string;
  /** Lets it live so many seconds from now. False when it had ended already. */
  extend(seconds: number): Promise<boolean>;
  /** Takes it back now. */
  end(): Promise<RollbackOutcome>;
};

/**
 * `rolled-back`: all listings of the server were looked through, and no rule of the case is there. `rollback-failed`: not so, or not known; the
 * case's log, in the directory of `readCase`, tells what is left.
 */
export type RollbackOutcome = 'rolled-back' | 'rollback-failed';

/**
 * `undo` is run in order; each step takes back one thing and may find it gone already. `files` are those that the owner of the rules rewrites
 * when it is told them by `apply`: they are backed up, and put back where nobody else has changed them meanwhile.
 */
export type TrialChange = {
  caseId: string;
  apply: readonly PlannedCommand[];
  undo: readonly PlannedCommand[];
  files?: readonly string[];
};

/**
 * Arms the rollback, proves it armed, then applies the commands one by one. When one fails, everything is undone at
 * once and the HostError says which. Nothing is changed when arming fails.
 */
export async function startTrial(host: Host, change: TrialChange & { confirmWithin: number }): Promise<Trial> {
  const { caseId: id, confirmWithin } = change;
  const rollsBackAt = Date.now() + confirmWithin * 1000;
  await start(host, 'trial', change, confirmWithin);
  return {
    id,
    rollsBackAt,
    confirm: () => confirmCase(host, id),
    takeOut: () => runUndo(host, change),
    putIn: (apply) => applyAll(host, { id, ...stepsOf({ ...change, apply }) }),
    extend: (seconds) => extendCase(host, id, seconds),
    rollBack: () => rollBackCase(host, id),
    state: async () => (await readCase(host, id))?.state ?? 'forgotten',
  };
}

/** The same with an expiry of its own; nothing is remembered of it once it is over. */
export async function startTemporary(host: Host, change: TrialChange & { expiresIn: number }): Promise<Temporary> {
  const { caseId: id, expiresIn } = change;
  await start(host, 'temporary', change, expiresIn);
  return {
    id,
    extend: (seconds) => extendCase(host, id, seconds),
    end: async () => ((await readCase(host, id)) === null ? lookWhetherGone(host, change) : rollBackCase(host, id)),
  };
}

/** Moves the deadline of a case that waits; false where it has been decided, also meanwhile. */
async function extendCase(host: Host, id: string, seconds: number): Promise<boolean> {
  const found = await readCase(host, id);
  if (found?.state !== 'armed') return false;
  try {
    await moveDeadline(host, found.directory, seconds);
  } catch (error) {
    // A case that is taken back at this very moment has no directory any more.
    if (error instanceof HostError) return false;
    throw error;
  }
  return (await readCase(host, id))?.state === 'armed';
}

/** How keeping ended; `kept-elsewhere`: another process has kept it, and saves what is to be saved. */
export type KeepEnd<T> =
  | { readonly end: 'confirmed'; readonly saved: T }
  | { readonly end: 'kept-elsewhere' | RollbackOutcome };

/**
 * Keeps an armed case, from any process, and does what makes it last. The first rename is the decision: the watchdog tries the same one, and of
 * two that keep only one wins it. Until `save` has ended the case is being saved; whoever finds it so later, with nobody at it, saves it anew.
 */
export async function keepCase<T>(host: Host, id: string, save: () => Promise<T>): Promise<KeepEnd<T>> {
  const known = await needCase(host, id);
  const renamed = await host.run(['mv', `${known.directory}/armed`, `${known.directory}/saving`]);
  if (renamed.code === 0) return saveCase(host, id, save);
  const { state } = await settledCase(host, known);
  switch (state) {
    case 'saving':
    case 'confirmed':
      return { end: 'kept-elsewhere' };
    case 'rolled-back':
    case 'rollback-failed':
      return { end: state };
    case 'armed':
    case 'rolling-back':
    case 'lost':
      throw new HostError(`The change could not be confirmed and will be rolled back: ${renamed.stderr.trim()}`);
  }
}

/** Saves a case that is to be kept, unless another process has come first. */
export async function saveCase<T>(host: Host, id: string, save: () => Promise<T>): Promise<KeepEnd<T>> {
  return whileSettling(host, async () => {
    const { state, directory } = await needCase(host, id);
    if (state === 'rolled-back' || state === 'rollback-failed') return { end: state };
    if (state !== 'saving') return { end: 'kept-elsewhere' };
    await host.run(['sh', `${directory}/put-away`]);
    try {
      return { end: 'confirmed', saved: await save() };
    } finally {
      const { directory: last } = await needCase(host, id);
      await host.run(['mv', `${last}/saving`, `${last}/confirmed`]);
      await host.run(['sync', last]);
    }
  });
}

/** Keeps a case that has nothing to save. */
export async function confirmCase(host: Host, id: string): Promise<'confirmed' | RollbackOutcome> {
  const { end } = await keepCase(host, id, async () => null);
  return end === 'kept-elsewhere' ? 'confirmed' : end;
}

/** Takes back what is overdue: cases whose watchdog was killed before it could. Returns their ids. */
export async function rollBackOverdue(host: Host): Promise<string[]> {
  const { cases } = await listCases(host);
  const overdue = cases.filter(isOverdue);
  for (const { id } of overdue) await rollBackCase(host, id);
  return overdue.map(({ id }) => id);
}

/** A rollback that has failed goes on by itself, but its watchdog may have been killed. */
export function isOverdue({ state, secondsLeft }: StoredCase): boolean {
  return state === 'rollback-failed' || state === 'lost' || (secondsLeft !== null && secondsLeft < -GRACE);
}

/** Takes a case back, from any process: an armed one, a kept one (also after a reboot), or one whose rollback failed. */
export async function rollBackCase(host: Host, id: string): Promise<RollbackOutcome> {
  const known = await needCase(host, id);
  const before = await settledCase(host, known);
  if (before.state === 'rolled-back') return before.state;
  const script: Command = ['sh', `${before.directory}/roll-back`, before.state];
  const { stderr } = await host.run(script, { timeout: ROLLBACK_TIMEOUT });
  const { state } = await settledCase(host, known);
  if (state === 'rolled-back' || state === 'rollback-failed') return state;
  throw new HostError(`The rollback did not run: ${stderr.trim()}`, { command: script });
}

async function start(host: Host, kind: CaseRecord['kind'], change: TrialChange, seconds: number): Promise<string> {
  const id = checkedId(change.caseId);
  const startedAt = new Date().toISOString();
  const record: CaseRecord = { schema: 'lo-doctor.case/1', id, kind, startedAt, ...stepsOf(change) };
  const { prepare } = await openChangeBook(host, id);
  await backUpOwnersFiles(host, change.files ?? [], prepare);
  const directory = await armRollback(host, record, seconds);
  await applyAll(host, record);
  await markOwnersFiles(host, id);
  return directory;
}

/** No command is begun once the time is up; when one fails, everything is undone. */
async function applyAll(host: Host, changed: Applying): Promise<void> {
  const { id } = changed;
  for (const { command, input } of changed.apply) {
    const left = await timeLeft(host, id);
    if (left === null) throw await lateError(host, changed);
    // A command that waits for a lock must not come through after the rollback did.
    const result = await host.run(command, { input, timeout: Math.min(APPLY_TIMEOUT, left) });
    if (result.code !== 0) throw await undoneError(host, id, command, result);
  }
  // Who slept while the last one ran has put it in force after the rollback.
  if ((await timeLeft(host, id)) === null) throw await lateError(host, changed);
}

type Applying = Pick<CaseRecord, 'id' | 'apply' | 'undo'>;

async function runUndo(host: Host, { undo }: Pick<TrialChange, 'undo'>): Promise<void> {
  for (const { command, input } of undo) await host.run(command, { input });
}

/** Milliseconds in which a change may still be made, by the server's own uptime; null once the case has been or has to be taken back. */
async function timeLeft(host: Host, id: string): Promise<number | null> {
  const found = await readCase(host, id);
  if (found?.state === 'confirmed' || found?.state === 'saving') return APPLY_TIMEOUT;
  if (found?.state !== 'armed' || found.secondsLeft === null) return null;
  const left = Math.floor(found.secondsLeft * 1000) - MARGIN;
  return left > 0 ? left : null;
}

/** What was applied after the rollback is taken back here, and looked for. */
async function lateError(host: Host, record: Applying): Promise<HostError> {
  const { id, undo } = record;
  // Where its script can't run any more, the undo goes on here all the same; the look afterwards has the last word.
  if ((await readCase(host, id)) !== null)
    await rollBackCase(host, id).catch((error: unknown) => {
      if (!(error instanceof HostError)) throw error;
    });
  await runUndo(host, { undo });
  const message = 'The time was up before the fix was applied as a whole: this process, or the server, had slept.';
  return (await lookWhetherGone(host, { caseId: id, undo })) === 'rolled-back'
    ? new HostError(`${message} All of it is taken back.`)
    : new HostError(`${message} Taking it back failed.`, { nextSteps: [`lo-doctor undo ${id}`] });
}

function stepsOf({ apply, undo }: TrialChange): Pick<CaseRecord, 'apply' | 'undo'> {
  return { apply: [...apply], undo: [...undo] };
}

async function undoneError(host: Host, id: string, command: Command, result: RunResult): Promise<HostError> {
  const outcome = await rollBackCase(host, id);
  const message = `${command.join(' ')} failed: ${whyFailed(result)}.`;
  switch (outcome) {
    case 'rolled-back':
      return new HostError(`${message} What had been changed before it was taken back at once.`, { command });
    case 'rollback-failed':
      return new HostError(`${message} Taking back what had been changed before it failed too.`, {
        command,
        nextSteps: [`lo-doctor undo ${id}`],
      });
  }
}

type Found = Pick<StoredCase, 'state' | 'directory'>;

/** The case once no rollback is at work on it; one that hangs is returned as it is. An ended temporary is forgotten: what it left tells. */
async function settledCase(host: Host, { id, undo }: CaseRecord): Promise<Found> {
  const until = performance.now() + SETTLE_TIMEOUT;
  for (;;) {
    const found = await readCase(host, id);
    if (found === null) return { state: await lookWhetherGone(host, { caseId: id, undo }), directory: '' };
    if (found.state !== 'rolling-back' || performance.now() > until) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** For a case that nothing is written about any more. */
async function lookWhetherGone(
  host: Host,
  { caseId, undo }: Pick<TrialChange, 'caseId' | 'undo'>,
): Promise<RollbackOutcome> {
  const { left, unseen } = await lookForTag(host, caseId, undo);
  return left.length + unseen.length === 0 ? 'rolled-back' : 'rollback-failed';
}

async function needCase(host: Host, id: string): Promise<StoredCase> {
  const found = await readCase(host, id);
  if (found !== null) return found;
  throw new HostError(`There is no case ${id} on this server.`, { nextSteps: ['lo-doctor undo lists what there is.'] });
}
