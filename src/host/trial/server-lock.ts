// One lo-doctor at a time diagnoses and fixes a server; who comes second is told who is at it.
import * as z from 'zod';
import { type Host, HostError } from '../host.ts';
import { takeLock } from './lock.ts';

/** The process that asks for the lock, and what its environment tells of the person behind it (shown, never trusted). */
export type Caller = { readonly pid: number; readonly user: string | null; readonly client: string | null };

const holder = z.object({
  schema: z.literal('lo-doctor.lock/1'),
  pid: z.number(),
  user: z.string(),
  /** The terminal, and the address of the SSH client. */
  terminal: z.string().nullable(),
  client: z.string().nullable(),
  work: z.string(),
  since: z.string(),
});
type Holder = z.infer<typeof holder>;

/** A holder that has just come needs so long to say who it is; one that has just gone, to be gone. */
const PATIENCE = 1;

/** What the lock is taken for: `work` as it would be typed, with the case where there is one. */
export type LockFor = { readonly caller: Caller; readonly work: string; readonly now: Date };

/** Takes the lock for this process's life, or until `release`. A HostError that says who has it. `isLocked`: false where nothing can lock here. */
export async function takeServerLock(
  host: Host,
  { caller, work, now }: LockFor,
): Promise<{ readonly isLocked: boolean; readonly release: () => void }> {
  const own: Holder = {
    schema: 'lo-doctor.lock/1',
    pid: caller.pid,
    work,
    since: now.toISOString(),
    ...(await findPerson(host, caller)),
  };
  const lock = await takeLock(host, 'server', { note: JSON.stringify(own), patience: PATIENCE });
  if (lock.kind === 'busy') throw busyError(parseHolder(lock.note), now);
  return { isLocked: lock.kind === 'held', release: lock.release };
}

/** `SSH_CONNECTION` and the like begin with the client's address; sudo keeps none of them, the terminal's line in `who` has it too. */
async function findPerson(
  host: Host,
  { pid, user, client }: Caller,
): Promise<Pick<Holder, 'user' | 'terminal' | 'client'>> {
  const [input, name, logins] = await Promise.all([
    host.run(['readlink', `/proc/${pid}/fd/0`]),
    host.run(['id', '-un']),
    host.run(['who']),
  ]);
  const terminal = /^\/dev\/(pts\/\d+|tty\w+)$/.exec(input.stdout.trim())?.[1] ?? null;
  const login = logins.stdout.split('\n').find((line) => terminal !== null && line.split(/ +/)[1] === terminal);
  return {
    user: user ?? login?.split(' ')[0] ?? name.stdout.trim(),
    terminal,
    client: client?.split(' ')[0] ?? /\(([^()]+)\)$/.exec(login ?? '')?.[1] ?? null,
  };
}

function parseHolder(note: string | null): Holder | null {
  try {
    return holder.parse(JSON.parse(note ?? ''));
  } catch {
    return null;
  }
}

function busyError(found: Holder | null, now: Date): HostError {
  const meanwhile = 'lo-doctor check, trace, logs, confirm and undo can be used meanwhile.';
  if (found === null)
    return new HostError(
      'Another lo-doctor is at work on this server; who started it is not known. Nothing was changed.',
      {
        nextSteps: [meanwhile],
      },
    );
  const { pid, user, terminal, client, work, since } = found;
  const where = [terminal === null ? [] : [`on ${terminal}`], client === null ? [] : [`from ${client}`]].flat();
  const who = [user, ...where].join(' ');
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(since)) / 1000));
  return new HostError(
    `Another lo-doctor is at work on this server: ${work}, started by ${who} at ${since} (${seconds} s ago), process ${pid}. Nothing was changed.`,
    {
      nextSteps: [meanwhile, `Wait for it, or end it, which takes back what it has on trial: kill ${pid}`],
    },
  );
}
