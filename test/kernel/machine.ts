// A whole Debian that boots: systemd is its first process, its disk survives until it is thrown away.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Command, Host } from '../../src/host/host.ts';
import { localHost } from '../../src/host/local.ts';
import { readiness } from './lab-process.ts';

/** What is installed: Debian's netfilter-persistent, nftables and firewalld, all of them switched off; or ufw in the place of the first. */
export type Installed = 'rules' | 'ufw';

export type Machine = {
  /** Its commands run as root; they need the machine to be up. */
  readonly host: Host;
  /** Runs a shell script on its disk, up or not; resolves to stdout, rejects when it fails. */
  prepare(script: string): string;
  /** Switches it on; resolves when all its services have started. */
  boot(): Promise<void>;
  powerOff(): Promise<void>;
  /** Nothing is told that it ends, and nothing is written any more. */
  cutPower(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Named for what is in it: a change of the script makes a new one. Built once (a minute or two), then kept. */
const treeFolder = join(tmpdir(), 'lo-doctor-debian-12-1');

/** Makes the Debian that all machines start from, where it isn't there yet; one at a time. Returns why it can't be made, or null; with CI=true it throws. */
export function buildTree(): string | null {
  const command = [`${treeFolder}.lock`, 'sh', script('debian-tree.sh'), treeFolder];
  const { status, stdout, stderr } = spawnSync('flock', command, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status === 0) return null;
  const why = `no Debian could be made to boot: ${`${stdout}${stderr}`.trim().split('\n').slice(-3).join(' ')}`;
  if (process.env.CI === 'true') throw new Error(why);
  console.warn(`Skipped: tests that boot: ${why}`);
  return why;
}

/** A machine with a fresh disk, switched off. */
export async function makeMachine(installed: Installed): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-machine-'));
  const root = join(folder, basename(folder));
  const layers = [...(installed === 'ufw' ? [join(treeFolder, 'ufw')] : []), join(treeFolder, 'tree')].join(':');
  const disk = spawn('unshare', ['-m', 'sh', script('machine-disk.sh'), folder, layers]);
  await readiness(disk);
  const atDisk = ['-t', `${disk.pid}`, '-m', '--'];
  let running: { readonly nspawn: ChildProcess; readonly leader: string } | null = null;
  const host = hostIn(() => running?.leader);
  const end = async (signal: number) => {
    if (running === null) return;
    const ended = once(running.nspawn, 'exit');
    process.kill(Number(running.leader), signal);
    await ended;
    running = null;
  };
  // SIGRTMIN+4 asks systemd to power off, whatever state it is in.
  const powerOff = () => end(38);
  return {
    host,
    prepare: (text) => execFileSync('nsenter', [...atDisk, 'chroot', root, 'sh', '-ec', text], { encoding: 'utf8' }),
    boot: async () => {
      const nspawn = spawn('nsenter', [...atDisk, ...nspawnCommand(root)], { stdio: 'ignore' });
      running = { nspawn, leader: await leaderOf(nspawn) };
      // To systemd it has started before its rules are in place; it answers only then.
      await host.run(['sh', '-c', '! systemctl is-active -q firewalld || firewall-cmd --state']);
    },
    powerOff,
    cutPower: () => end(9),
    [Symbol.asyncDispose]: async () => {
      await powerOff();
      const ended = once(disk, 'exit');
      disk.stdin.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

function nspawnCommand(root: string): string[] {
  const flags = ['--quiet', '--private-network', '--register=no', '--keep-unit', '--resolv-conf=off', '--boot'];
  return ['systemd-nspawn', '-D', root, ...flags];
}

/** The machine's first process, once it says that all has started. */
async function leaderOf({ pid }: ChildProcess): Promise<string> {
  const local = localHost();
  for (let tries = 0; tries < 600; tries++) {
    const { stdout: children } = await local.run(['cat', `/proc/${pid}/task/${pid}/children`]);
    const [leader = ''] = children.split(' ');
    const { stdout: state } =
      leader === '' ? { stdout: '' } : await local.run(inside(leader, ['systemctl', 'is-system-running']));
    if (/running|degraded/.test(state)) return leader;
    await sleep(100);
  }
  throw new Error('the machine did not start');
}

function hostIn(leader: () => string | undefined): Host {
  const local = localHost();
  const enter = (command: Command) => {
    const pid = leader();
    if (pid === undefined) throw new Error('the machine is off');
    return inside(pid, command);
  };
  return {
    name: 'web1',
    run: (command, options) => local.run(enter(command), options),
    follow: (command) => local.follow(enter(command)),
  };
}

function inside(leader: string, command: Command): Command {
  const env = ['env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'];
  return ['nsenter', '-t', leader, '-a', '--', ...env, ...command];
}
