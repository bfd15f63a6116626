// Arming: the case's directory with its scripts, and a watchdog outside of lo-doctor that no signal to lo-doctor reaches.

import { isPrivate } from '../files/private-directory.ts';
import { makeRecordDirectory } from '../files/write-record.ts';
import { type Command, type Host, HostError, type RunResult } from '../host.ts';
import { forgetOnDisk, rememberOnDisk } from '../left-over/remember-on-disk.ts';
import { makeRunningRoot } from '../left-over/running-root.ts';
import { BOOT_ID, type CaseRecord, RECORD_ROOT, readUptime } from './case-file.ts';
import { putAwayScript, rollBackScript, WATCH_SCRIPT } from './rollback-scripts.ts';

const PROOF_ATTEMPTS = 40;
/** Hundredths of a second: the rollback begins so much earlier, to be over when the time is up. */
const HEAD_START = 30;

/** Writes the case down and arms its rollback; returns the case's directory once the rollback is proved to wait. */
export async function armRollback(host: Host, record: CaseRecord, seconds: number): Promise<string> {
  const directory = await makeCaseDirectory(host, record.id);
  await write(host, `${directory}/case.json`, `${JSON.stringify(record)}\n`);
  await write(host, `${directory}/roll-back`, rollBackScript(record.id, record.undo));
  await write(host, `${directory}/put-away`, putAwayScript(record.id, record.kind));
  await write(host, `${directory}/watch`, WATCH_SCRIPT);
  await write(host, `${directory}/boot`, (await host.run(['cat', BOOT_ID])).stdout);
  await moveDeadline(host, directory, seconds);
  await write(host, `${directory}/armed`, '');
  const isSystemds = await isSystemdsServer(host);
  await rememberOnDisk(host, { id: record.id, directory, isSystemds });
  if (isSystemds && (await armSystemdTimer(host, record.id, directory, seconds))) return directory;
  if (await armWatchdog(host, directory)) return directory;
  await host.run(['rm', '-rf', directory]);
  await forgetOnDisk(host, record.id);
  throw new HostError('The rollback could not be armed, so nothing was changed.', {
    nextSteps: ['lo-doctor fix --all --dry-run shows the commands, to be run with a rollback of your own.'],
  });
}

/** Sets when the watchdog strikes: so many seconds from now. In one step, since the watchdog reads it at any time. */
export async function moveDeadline(host: Host, directory: string, seconds: number): Promise<void> {
  const deadline = (await readUptime(host)) + Math.round(seconds * 100) - HEAD_START;
  await write(host, `${directory}/deadline.new`, `${deadline}\n`);
  await must(host, ['mv', `${directory}/deadline.new`, `${directory}/deadline`]);
}

/** What is kept there later would not be trusted: it is said before anything is changed. Where nothing can be made, a case lives without it. */
async function needPrivateRecords(host: Host): Promise<void> {
  if ((await isPrivate(host, [RECORD_ROOT])) !== 'no') return;
  throw new HostError(
    `${RECORD_ROOT} is not a directory of mode 700 that is root's alone: what is remembered there could not be trusted. Nothing was changed.`,
    {
      nextSteps: [
        `ls -la ${RECORD_ROOT}`,
        `chown root ${RECORD_ROOT}; chmod 700 ${RECORD_ROOT}   (if what is in it is yours)`,
      ],
    },
  );
}

async function makeCaseDirectory(host: Host, id: string): Promise<string> {
  const root = await makeRunningRoot(host);
  await needPrivateRecords(host);
  const directory = `${root}/${id}`;
  // There its name was claimed when it began.
  if (root === RECORD_ROOT) return makeRecordDirectory(host, id);
  await must(host, ['mkdir', '-m', '700', directory]);
  return directory;
}

/**
 * Whether systemd is what keeps this server: it is of use only where its processes see what we see. Inside another network or mount namespace
 * they would undo the wrong server's rules.
 */
async function isSystemdsServer(host: Host): Promise<boolean> {
  if ((await host.run(['test', '-d', '/run/systemd/system'])).code !== 0) return false;
  const namespaces = ['net', 'mnt'].flatMap((kind) => [`/proc/self/ns/${kind}`, `/proc/1/ns/${kind}`]);
  const { code, stdout } = await host.run(['stat', '-L', '-c', '%i', ...namespaces]);
  const [net, netOfSystemd, mnt, mntOfSystemd] = stdout.split('\n');
  return code === 0 && net === netOfSystemd && mnt === mntOfSystemd;
}

/** systemd's own timer outlives even the end of the login session. */
async function armSystemdTimer(host: Host, id: string, directory: string, seconds: number): Promise<boolean> {
  const unit = `lo-doctor-${id}`;
  // A second early: what it starts waits for the very deadline, which may also have been moved by then.
  const timer = [`--on-active=${Math.max(1, seconds - 1)}`, '--timer-property=AccuracySec=100ms'];
  await host.run(['systemd-run', '--quiet', `--unit=${unit}`, ...timer, 'sh', `${directory}/watch`]);
  return (await host.run(['systemctl', 'is-active', `${unit}.timer`])).code === 0;
}

/** A process in a session of its own, started where its command line does not name lo-doctor: pkill would find it. */
async function armWatchdog(host: Host, directory: string): Promise<boolean> {
  const start =
    'cd "$0" || exit; command -v setsid >/dev/null && own=setsid; $own sh ./watch </dev/null >/dev/null 2>&1 &';
  await host.run(['sh', '-c', start, directory]);
  for (let attempt = 0; attempt < PROOF_ATTEMPTS; attempt += 1) {
    const { stdout } = await host.run(['cat', `${directory}/watching`]);
    if (stdout !== '') return (await host.run(['test', '-d', `/proc/${stdout.trim()}`])).code === 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function write(host: Host, path: string, text: string): Promise<void> {
  await must(host, ['tee', path], text);
}

async function must(host: Host, command: Command, input?: string): Promise<RunResult> {
  const result = await host.run(command, { input });
  if (result.code === 0) return result;
  throw new HostError(`Nothing was changed: ${command.join(' ')} failed: ${result.stderr.trim()}`, { command });
}
