// Raw facts about the way of a log line from the kernel to a file: what could have swallowed it is judged elsewhere.
import type { JournalSetting, LogHealth } from '../../log/files/log-path.ts';
import type { Command, Host } from '../host.ts';
import { LOG_FILES } from './log-source.ts';
import { readRsyslogConfig } from './read-rsyslog-config.ts';

const DAEMONS = ['rsyslogd', 'syslog-ng', 'systemd-journal', 'ulogd', 'syslogd', 'metalog'];

/** Names of all programs, without procps. */
const PROCESS_NAMES: Command = ['sh', '-c', 'cat /proc/[0-9]*/comm 2>/dev/null'];
/** The running rsyslogd's libraries. */
const RSYSLOG_LIBRARIES: Command = [
  'sh',
  '-c',
  'for p in /proc/[0-9]*; do read -r c <$p/comm && [ "$c" = rsyslogd ] && cat $p/maps; done 2>/dev/null',
];
/** What the running rsyslogd has open below /var/log. */
const RSYSLOG_FILES: Command = [
  'sh',
  '-c',
  'for p in /proc/[0-9]*; do read -r c <$p/comm && [ "$c" = rsyslogd ] && readlink $p/fd/*; done 2>/dev/null | grep ^/var/log/',
];
const UNREADABLE: Command = [
  'sh',
  '-c',
  'for f; do [ -e "$f" ] && ! [ -r "$f" ] && printf "%s\\n" "$f"; done; true',
  'sh',
  ...LOG_FILES,
];
/** Told in the log itself by the inputs that kernel lines come through. journald limits services only, never the kernel. */
const RATE_LIMITED: Command = [
  'sh',
  '-c',
  'tail -q -c 65536 /var/log/syslog /var/log/messages 2>/dev/null | grep -E "im(klog|journal).*rate-limiting" | tail -n 1',
];
const JOURNAL_CONFIG: Command = [
  'sh',
  '-c',
  'cat /usr/lib/systemd/journald.conf.d/*.conf /etc/systemd/journald.conf /etc/systemd/journald.conf.d/*.conf 2>/dev/null',
];

/** Reads all facts at once. */
export async function readLogHealth(host: Host): Promise<LogHealth> {
  const [kernel, daemons, files] = await Promise.all([readKernel(host), readDaemons(host), readFiles(host)]);
  return { ...kernel, ...daemons, ...files };
}

type KernelFacts = Pick<
  LogHealth,
  | 'backends'
  | 'loggers'
  | 'nflogReaders'
  | 'isFirstNamespace'
  | 'logsAllNamespaces'
  | 'container'
  | 'consoleLevel'
  | 'isKernelLogRestricted'
  | 'isKernelLogReadable'
>;

async function readKernel(host: Host): Promise<KernelFacts> {
  const [nfLog, readers, allNamespaces, hasNfLog, virtual, printk, restricted, kmsg] = await Promise.all([
    readFile(host, '/proc/net/netfilter/nf_log'),
    host.run(['cat', '/proc/net/netfilter/nfnetlink_log']),
    readFile(host, '/proc/sys/net/netfilter/nf_log_all_netns'),
    host.run(['test', '-d', '/proc/sys/net/netfilter/nf_log']),
    read(host, ['systemd-detect-virt', '--container']),
    readFile(host, '/proc/sys/kernel/printk'),
    readFile(host, '/proc/sys/kernel/dmesg_restrict'),
    host.run(['dd', 'if=/dev/kmsg', 'of=/dev/null', 'count=0']),
  ]);
  const container = virtual.trim();
  const [ip, ip6] = [parseBackend(nfLog, 2), parseBackend(nfLog, 10)];
  return {
    backends: { ip: ip?.bound ?? null, ip6: ip6?.bound ?? null },
    loggers: { ip: ip?.hasLogger ?? null, ip6: ip6?.hasLogger ?? null },
    nflogReaders: readers.code === 0 ? readers.stdout.split('\n').flatMap(parseReader) : null,
    isFirstNamespace: allNamespaces !== '' ? true : hasNfLog.code === 0 ? false : null,
    logsAllNamespaces: allNamespaces === '' ? null : allNamespaces.trim() === '1',
    container: container === '' || container === 'none' ? null : container,
    consoleLevel: parseNumber(printk),
    isKernelLogRestricted: restricted === '' ? null : restricted.trim() !== '0',
    isKernelLogReadable: kmsg.code === 0,
  };
}

async function readDaemons(
  host: Host,
): Promise<Pick<LogHealth, 'daemons' | 'hasImklog' | 'hasImjournal' | 'rsyslogConfig' | 'journal' | 'rateLimited'>> {
  const [names, libraries, config, limited] = await Promise.all([
    read(host, PROCESS_NAMES),
    read(host, RSYSLOG_LIBRARIES),
    read(host, JOURNAL_CONFIG),
    read(host, RATE_LIMITED),
  ]);
  const daemons = DAEMONS.filter((name) => names.split('\n').includes(name));
  return {
    daemons,
    rsyslogConfig: daemons.includes('rsyslogd') ? await readRsyslogConfig(host) : [],
    hasImklog: libraries === '' ? null : /\/im(klog|kmsg)\.so/.test(libraries),
    hasImjournal: libraries === '' ? null : libraries.includes('/imjournal.so'),
    journal: parseJournalConfig(config),
    rateLimited: limited.trim() || null,
  };
}

async function readFiles(
  host: Host,
): Promise<Pick<LogHealth, 'rotatedFiles' | 'unreadableFiles' | 'freeBytes' | 'freeInodes'>> {
  const [open, unreadable, disk] = await Promise.all([
    read(host, RSYSLOG_FILES),
    read(host, UNREADABLE),
    read(host, ['stat', '-f', '-c', '%a %S %d', '/var/log']),
  ]);
  const [blocks, blockSize, inodes] = disk.trim().split(' ').map(Number);
  return {
    // `/var/log/syslog.1`, `/var/log/messages-20261122`, `/var/log/syslog (deleted)`
    rotatedFiles: open.split('\n').filter((path) => /(\.\d+|-\d{8}| \(deleted\))$/.test(path)),
    unreadableFiles: unreadable.split('\n').filter(Boolean),
    freeBytes: blocks === undefined || blockSize === undefined ? null : blocks * blockSize,
    freeInodes: inodes ?? null,
  };
}

async function read(host: Host, command: Command): Promise<string> {
  return (await host.run(command)).stdout;
}

function readFile(host: Host, path: string): Promise<string> {
  return read(host, ['cat', path]);
}

/** ` 2 nf_log_syslog (nf_log_syslog,nfnetlink_log)`: protocol family, backend in use, backends that could be. */
function parseBackend(text: string, family: 2 | 10): { bound: string; hasLogger: boolean } | null {
  const [, bound, could = ''] = new RegExp(`^ *${family} (\\S+) \\((.*)\\)`, 'm').exec(text) ?? [];
  return bound === undefined ? null : { bound, hasLogger: could.includes('nf_log_') };
}

/** `    7  12345     0 2 65535    100  1`: an NFLOG group that somebody reads, and the reader's netlink port. */
function parseReader(line: string): number[] {
  const group = parseNumber(line);
  return group === null ? [] : [group];
}

function parseNumber(text: string): number | null {
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? null : number;
}

/** `Storage=none`; the last line that sets something wins. */
function parseJournalConfig(text: string): LogHealth['journal'] {
  const setting = (name: JournalSetting) =>
    [...text.matchAll(new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*(.*?)[ \\t]*$`, 'gm'))].at(-1)?.[1] || null;
  return {
    Storage: setting('Storage'),
    ReadKMsg: setting('ReadKMsg'),
    RateLimitIntervalSec: setting('RateLimitIntervalSec'),
    RateLimitBurst: setting('RateLimitBurst'),
    MaxLevelStore: setting('MaxLevelStore'),
  };
}
