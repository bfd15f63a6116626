// The places where the kernel's firewall lines may land on this server.

import type { Host } from '../host.ts';
import { markJournal } from './follow-journal.ts';
import { markKernelLog } from './follow-kernel-log.ts';

/**
 * A place to read new lines from; `id` names it for people. A file is `written` when something was written to it
 * within a day, `quiet` when it was longer ago, and `missing` while it is only expected.
 */
export type LogSource =
  | {
      readonly kind: 'file';
      readonly id: string;
      readonly path: string;
      readonly state: 'written' | 'quiet' | 'missing';
    }
  | { readonly kind: 'journal'; readonly id: 'journal' }
  | { readonly kind: 'kernel'; readonly id: 'kernel log' };

/** Where syslog daemons, ufw, SUSE's firewall, firewalld and ulogd write, by their distributions' defaults. */
export const LOG_FILES: readonly string[] = [
  '/var/log/messages',
  '/var/log/syslog',
  '/var/log/kern.log',
  '/var/log/ufw.log',
  '/var/log/firewall',
  '/var/log/firewalld',
  '/var/log/iptables.log',
  '/var/log/ulog/syslogemu.log',
  '/var/log/ulogd_syslogemu.log',
  '/var/log/ulogd.syslogemu',
];

/** The daemons' main files: followed even before they exist, since the first line makes them. */
const EXPECTED = ['/var/log/messages', '/var/log/syslog'];

const QUIET_AFTER_SECONDS = 24 * 3600;

/** Every source of this server that can be read, the kernel's own first. */
export async function findLogSources(host: Host): Promise<LogSource[]> {
  const [files, journal, kernel] = await Promise.all([findFiles(host), markJournal(host), markKernelLog(host)]);
  const sources: LogSource[] = [];
  if (kernel !== null) sources.push({ kind: 'kernel', id: 'kernel log' });
  if (journal !== null) sources.push({ kind: 'journal', id: 'journal' });
  return [...sources, ...files];
}

async function findFiles(host: Host): Promise<LogSource[]> {
  const [{ stdout }, now] = await Promise.all([
    host.run(['stat', '-L', '-c', '%Y %n', ...LOG_FILES]),
    host.run(['date', '+%s']),
  ]);
  const modified = new Map(stdout.split('\n').map(parseModified));
  return LOG_FILES.flatMap((path): LogSource[] => {
    const time = modified.get(path);
    if (time === undefined) return EXPECTED.includes(path) ? [{ kind: 'file', id: path, path, state: 'missing' }] : [];
    const state = Number(now.stdout) - time < QUIET_AFTER_SECONDS ? 'written' : 'quiet';
    return [{ kind: 'file', id: path, path, state }];
  });
}

/** `1795372535 /var/log/syslog` */
function parseModified(line: string): [path: string, seconds: number] {
  const space = line.indexOf(' ');
  return [line.slice(space + 1), Number(line.slice(0, space))];
}
