// Every program that is installed on the practice server.
import type { FollowedProgram, Program } from '../program.ts';
import * as changeFiles from './change-files.ts';
import * as clients from './clients.ts';
import { followDmesg, followJournalctl, followKmsg, followTail } from './followed-logs.ts';
import * as ipAndTc from './ip.ts';
import { iptables } from './iptables.ts';
import { iptablesRestore, iptablesSave } from './iptables-save.ts';
import * as logs from './logs.ts';
import * as readFiles from './read-files.ts';
import { sh } from './sh.ts';
import * as smallPrograms from './small-programs.ts';
import * as system from './system.ts';
import * as wrappers from './wrappers.ts';

/** Modules that export nothing but programs, each under its own name. */
const installed = {
  ...changeFiles,
  ...clients,
  ...ipAndTc,
  ...logs,
  ...readFiles,
  ...smallPrograms,
  ...system,
  ...wrappers,
  sh,
};

/** Programs that go by another name, or do here what a relative of theirs does. */
const aliases: Readonly<Record<string, keyof typeof installed>> = {
  '[': 'test', printf: 'echo', true: 'succeed', false: 'endWithOne', ':': 'succeed', sync: 'succeed', chown: 'succeed', umask: 'succeed',
  export: 'succeed', realpath: 'readlink', bash: 'sh', dash: 'sh', wget: 'curl', mailx: 'mail', sendmail: 'mail', mutt: 'mail',
  mysqladmin: 'mysql', netcat: 'nc', telnet: 'nc', ping6: 'ping', host: 'lookup', dig: 'lookup', nslookup: 'lookup',
  'systemd-run': 'systemdRun', 'systemd-detect-virt': 'detectVirt', env: 'runner', nohup: 'runner', nice: 'runner', setsid: 'runner',
  command: 'runner', exec: 'runner', time: 'runner',
}; // biome-ignore format: a table

const firewall = (['ip', 'ip6'] as const).flatMap((family): [string, Program][] =>
  ['', '-nft'].flatMap((variant): [string, Program][] => [
    [`${family}tables${variant}`, iptables(family)],
    [`${family}tables${variant}-save`, iptablesSave(family)],
    [`${family}tables${variant}-restore`, iptablesRestore(family)],
  ]),
);

/** The programs by name. Whatever is not here is not installed: it ends with 127. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map([
  ...firewall,
  ...Object.entries(installed),
  ...Object.entries(aliases).map(([name, program]) => [name, installed[program]] as const),
]);

/** What some programs do when they are followed instead of run to their end. */
export const FOLLOWED: ReadonlyMap<string, FollowedProgram> = new Map([
  ['cat', followKmsg],
  ['dd', followKmsg],
  ['tail', followTail],
  ['dmesg', followDmesg],
  ['journalctl', followJournalctl],
]);
