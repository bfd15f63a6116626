// The record of one change: what was applied, how it is undone, and in which state it is. Kept on the server itself.
//
// A running case lives in /run/lo-doctor/CASE, a settled one in /var/lib/lo-doctor/CASE. Its state is the name of a file,
// so that a rename, which the kernel lets only one process win, is what decides between confirming and rolling back.
import * as z from 'zod';
import type { PlannedCommand } from '../../firewall/fix/plan.ts';
import { isCaseId } from '../../firewall/fix/rule/tag.ts';
import { isPrivate } from '../files/private-directory.ts';
import { type Host, HostError } from '../host.ts';

/** Where settled cases are kept, and what belongs to them (reports, backups of changed files). */
export const RECORD_ROOT = '/var/lib/lo-doctor';

/** Where running cases live; the second is for servers whose /run can't be written. Both lie where root alone can make them. */
export const RUNNING_ROOTS = ['/run/lo-doctor', RECORD_ROOT] as const;

/** What the kernel calls this boot. */
export const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** What `case.json` holds: written once, before the first change. */
export type CaseRecord = {
  schema: 'lo-doctor.case/1';
  id: string;
  kind: 'trial' | 'temporary';
  startedAt: string;
  apply: PlannedCommand[];
  undo: PlannedCommand[];
};

const planned = z.object({ command: z.tuple([z.string()], z.string()), input: z.string().exactOptional() });
const record: z.ZodType<CaseRecord> = z.object({
  schema: z.literal('lo-doctor.case/1'),
  id: z.string(),
  kind: z.enum(['trial', 'temporary']),
  startedAt: z.string(),
  apply: z.array(planned),
  undo: z.array(planned),
});

const STATES = ['armed', 'saving', 'rolling-back', 'rolled-back', 'rollback-failed', 'confirmed', 'lost'] as const;

/** What is read or run of a case, beside the file that names its state. */
export const CASE_FILES = ['case.json', 'deadline', 'boot', 'log', 'roll-back', 'put-away', 'watch', 'at-boot'];

/**
 * `armed`: in force until its time is up; `saving`: to be kept, and being put into the files of the next boot; `confirmed`: kept;
 * `rolling-back`: being undone at this moment; `rollback-failed`: tried, but `log` tells what could not be undone; `lost`: it was armed, and
 * what would have ended it is gone with a power cut or a reboot.
 */
export type CaseState = (typeof STATES)[number];

/** A case as it is now. `secondsLeft` is for an armed one; below zero its watchdog is overdue (it was killed, or belonged to an earlier boot). */
export type StoredCase = CaseRecord & { state: CaseState; directory: string; secondsLeft: number | null; log: string };

/** The case of that id, or null where this server has none. Throws a HostError for what lies under that name and is not to be trusted. */
export async function readCase(host: Host, id: string): Promise<StoredCase | null> {
  for (const root of RUNNING_ROOTS) {
    const found = await readCaseIn(host, root, checkedId(id));
    if (found !== null) return found;
  }
  return null;
}

/** Cases, and in a line each what lies among them that is none or can't be trusted: nothing of that was read or run. */
export type CaseList = { readonly cases: readonly StoredCase[]; readonly strange: readonly string[] };

/** Every case this server remembers, the oldest first. */
export async function listCases(host: Host): Promise<CaseList> {
  const ids = new Set<string>();
  for (const root of RUNNING_ROOTS) {
    const { stdout } = await host.run(['ls', '-1', root]);
    for (const name of stdout.split('\n')) if (isCaseId(name)) ids.add(name);
  }
  const found = await Promise.all([...ids].map((id) => readCase(host, id).catch(toStrange)));
  const cases = found.filter((one) => one !== null).filter((one) => typeof one !== 'string');
  return {
    cases: cases.sort((a, b) => a.startedAt.localeCompare(b.startedAt)),
    strange: found.filter((one) => typeof one === 'string'),
  };
}

function toStrange(error: unknown): string {
  if (error instanceof HostError) return error.message;
  throw error;
}

/** The id itself; throws for one that could not be a directory's name. */
export function checkedId(id: string): string {
  if (!isCaseId(id)) throw new HostError(`"${id}" cannot be the name of a case.`, { nextSteps: ['lo-doctor undo'] });
  return id;
}

/** A case that moves while it is read (it is settled at that moment) is read anew, so often. */
const MOST_READS = 5;

async function readCaseIn(host: Host, root: string, id: string): Promise<StoredCase | null> {
  for (let read = 0; read < MOST_READS; read += 1) {
    const found = await readCaseOnce(host, root, id);
    if (found !== 'moved') return found;
  }
  return null;
}

async function readCaseOnce(host: Host, root: string, id: string): Promise<StoredCase | null | 'moved'> {
  const directory = `${root}/${id}`;
  const listed = await host.run(['ls', '-1', directory]);
  if (listed.code !== 0) return null;
  const names = listed.stdout.split('\n');
  const state = findState(names);
  if (state === null || !names.includes('case.json')) return null;
  const files = [state, ...CASE_FILES.filter((name) => names.includes(name))].map((name) => `${directory}/${name}`);
  const isOurs = await isPrivate(host, [root, directory], files);
  if (isOurs === 'gone') return 'moved';
  if (isOurs === 'no') throw strangeError(root, directory);
  const document = await host.run(['cat', `${directory}/case.json`]);
  if (document.code !== 0) return 'moved';
  const log = await host.run(['cat', `${directory}/log`]);
  return {
    ...parseCaseRecord(document.stdout, directory, state),
    state,
    directory,
    secondsLeft: state === 'armed' ? await readSecondsLeft(host, directory, names.includes('boot')) : null,
    log: log.stdout,
  };
}

function strangeError(root: string, directory: string): HostError {
  return new HostError(`${directory} is not root's alone, so nothing in it was read or run.`, {
    nextSteps: [`Look who made it: ls -la ${root} ${directory}`],
  });
}

function findState(names: readonly string[]): CaseState | null {
  return STATES.find((state) => names.includes(state)) ?? null;
}

/** The deadline is in hundredths of a second of the server's uptime, so that setting the clock moves nothing. */
async function readSecondsLeft(host: Host, directory: string, knowsBoot: boolean): Promise<number | null> {
  if (knowsBoot && (await isOfEarlierBoot(host, directory))) return Number.NEGATIVE_INFINITY;
  const { stdout } = await host.run(['cat', `${directory}/deadline`]);
  const left = Number(stdout) - (await readUptime(host));
  return stdout === '' || Number.isNaN(left) ? null : left / 100;
}

/** Where the running cases lie on a disk, an armed one may be of an earlier boot, whose uptime says nothing now. */
async function isOfEarlierBoot(host: Host, directory: string): Promise<boolean> {
  const { code, stdout } = await host.run(['cat', `${directory}/boot`, BOOT_ID]);
  const [then, now] = stdout.split('\n');
  return code === 0 && then !== now;
}

/** The server's uptime in hundredths of a second; `/proc/uptime` reads `12345.67 23456.78`. */
export async function readUptime(host: Host): Promise<number> {
  const { stdout } = await host.run(['cat', '/proc/uptime']);
  const seconds = Number(stdout.split(' ')[0]);
  if (stdout === '' || Number.isNaN(seconds)) throw new HostError("The uptime of this server can't be read.");
  return Math.round(seconds * 100);
}

function parseCaseRecord(text: string, directory: string, state: CaseState): CaseRecord {
  try {
    return record.parse(JSON.parse(text));
  } catch {
    throw new HostError(`${directory}/case.json is not a record that this version of lo-doctor can read.`, {
      nextSteps: [
        `Look at what is in ${directory}; its script roll-back undoes the case: sh ${directory}/roll-back ${state}`,
      ],
    });
  }
}
