// A real server for tests: an own network, firewall, file system view and processes, gone without a trace when closed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startJournald, startRsyslog } from './lab-daemons.ts';
import { childOf, type Exec, type Result, readiness, running, type Spawn, waitForEnd } from './lab-process.ts';
import { type Services, startServices } from './lab-services.ts';

export type Command = readonly [program: string, ...args: string[]];
export type RunAs = { readonly uid?: number; readonly env?: Readonly<Record<string, string>> };

/** The lab's own addresses beside 127.0.0.0/8 and ::1, on its eth0. */
export const ownAddresses = { ip: '192.0.2.10', ip6: 'fd00::10' } as const;

export type Lab = Services & {
  /** The argument vector that runs a command inside the lab, for other drivers (a terminal). Working directory: this repository's. */
  inside(command: Command, options?: RunAs): Command;
  /** Runs a command to its end, whatever its exit code. Rejects when it outlives its timeout (30 000 ms). */
  exec: Exec;
  /** As `exec`, but resolves to stdout and rejects when the command fails. */
  run(...args: Parameters<Exec>): Promise<string>;
  /** Starts a command that goes on. */
  spawn: Spawn;
  /** Loads the text of iptables-save; the tables that it names are replaced. */
  loadRules(text: string, options?: { variant?: 'nft' | 'legacy'; family?: 'ip' | 'ip6' }): Promise<void>;
  /** Loads an nft script. */
  loadNft(text: string): Promise<void>;
  /**
   * Starts rsyslogd on the kernel's new lines (those with `only` in them), writing `file` (/var/log/syslog). The head of a
   * line is `Nov 22 18:12:41 web1 kernel:` (traditional) or starts with an RFC 3339 time (iso: Debian 12). `imklog`: further
   * parameters of that module; `filter`: rules before the one that writes the file; `takes`: the selector of that one.
   */
  startRsyslog(options?: {
    only?: string;
    file?: string;
    format?: 'traditional' | 'iso';
    imklog?: string;
    filter?: string;
    takes?: string;
  }): Promise<void>;
  /** Starts an own journald with nothing but the kernel's lines; `journalctl -k` in the lab reads it. */
  startJournald(): Promise<void>;
  /** Ends all processes of the lab and waits until they are gone. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Starts a lab within some 100 ms; `await using lab = await startLab()` closes it by itself. The kernel's log is one for all
 * labs: a test that reads lines without a prefix of its own asks for `kernelLog: 'own'`, which waits until no other lab
 * is open and lets none open meanwhile. So a test with such a lab must not open a second one.
 */
export async function startLab({ kernelLog = 'shared' }: { kernelLog?: 'shared' | 'own' } = {}): Promise<Lab> {
  logFromAllNamespaces();
  const [program, ...args] = [...locks[kernelLog], ...unshare, 'sh', initScript];
  const keeper = spawn(program, args);
  await readiness(keeper);
  const inside = insideOf(childOf(keeper.pid));
  const start: Spawn = async (command, options) => running(inside(command, options), environment(options));
  const exec: Exec = async (command, options = {}) => waitForEnd(await start(command, options), options);
  const run: Lab['run'] = async (command, options) => stdoutOf(command, await exec(command, options));
  const close = async () => {
    keeper.stdin.end();
    if (keeper.exitCode === null && keeper.signalCode === null) await once(keeper, 'exit');
  };
  return {
    inside,
    exec,
    run,
    spawn: start,
    loadRules: async (text, { variant = 'nft', family = 'ip' } = {}) => {
      await run([`${family}tables-${variant}-restore`], { input: text });
    },
    loadNft: async (text) => {
      await run(['nft', '-f', '-'], { input: text });
    },
    startRsyslog: (options = {}) => startRsyslog(run, start, options),
    startJournald: () => startJournald(exec, start),
    ...startServices(inside, environment()),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The end of waiting for other labs comes before a test's time is over, and with a code of its own. */
const WAITED_TOO_LONG = '75';
const lock = (seconds: number) => ['flock', '-F', '-E', WAITED_TOO_LONG, '-w', `${seconds}`] as const;
const lockFile = join(tmpdir(), 'lo-doctor-kernel-log.lock');
/** Every lab comes through the gate, and who waits to be alone holds it: else labs that overlap would never let it in. */
const gateFile = join(tmpdir(), 'lo-doctor-kernel-log.gate');
const throughGate = 'flock -E "$0" -w 100 "$1" true || exit; shift; exec "$@"';
const locks = {
  own: [...lock(200), '-x', gateFile, ...lock(200), '-x', lockFile],
  shared: ['sh', '-c', throughGate, WAITED_TOO_LONG, gateFile, ...lock(100), '-s', lockFile],
} as const;
const initScript = fileURLToPath(new URL('lab-init.sh', import.meta.url));
const unshare = ['unshare', '--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Without this, LOG rules outside of the machine's first network namespace print nothing. Shared by all labs, so it stays. */
function logFromAllNamespaces(): void {
  writeFileSync('/proc/sys/net/netfilter/nf_log_all_netns', '1');
}

function insideOf(pid: number): Lab['inside'] {
  return (command, { uid = 0 } = {}) => {
    const user = uid === 0 ? [] : ['-S', `${uid}`, '-G', `${uid}`];
    return ['nsenter', '-t', `${pid}`, '-a', ...user, `--wd=${process.cwd()}`, '--', ...command];
  };
}

function environment({ env = {} }: RunAs = {}): Record<string, string> {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return { PATH: path, HOME: '/root', LANG: 'C.UTF-8', ...env };
}

function stdoutOf(command: Command, { code, stdout, stderr }: Result): string {
  if (code === 0) return stdout;
  throw new Error(`${command.join(' ')} ended with ${code}\n${stderr}${stdout}`);
}
