// Raw facts about the way of a log line from the kernel to a file: what could have swallowed it is judged elsewhere.
import type { Command, Host } from './host.ts';

/** What a fact is when it can't be read: null. */
export type LogHealth = {
  /** Who turns a LOG of that family into text: `nf_log_syslog`, `nf_log_ipv4`, `nfnetlink_log`; `NONE`: nobody, nothing is written. */
  readonly backends: { readonly ip: string | null; readonly ip6: string | null };
  /** False inside a network namespace of its own (a container): its LOG rules write only where `logsAllNamespaces`. */
  readonly isFirstNamespace: boolean | null;
  /** net.netfilter.nf_log_all_netns; only the first namespace can see it. */
  readonly logsAllNamespaces: boolean | null;
  /** What kind of container this is; null for none. */
  readonly container: string | null;
  /** kernel.printk's first number: messages of this priority and above (a smaller number) also go to the console. */
  readonly consoleLevel: number | null;
  /** kernel.dmesg_restrict: only root may read the kernel's log. */
  readonly isKernelLogRestricted: boolean | null;
  /** /dev/kmsg can be opened and read. */
  readonly isKernelLogReadable: boolean;
  /** Log daemons that run: rsyslogd, syslog-ng, systemd-journald, ulogd, syslogd (busybox), metalog. */
  readonly daemons: readonly string[];
  /** Whether the running rsyslogd has loaded imklog, which reads the kernel's lines; null where none runs. */
  readonly hasImklog: boolean | null;
  /** journald's own settings that lose lines, as its configuration says (null: its default). */
  readonly journal: Readonly<Record<JournalSetting, string | null>>;
  /** What is left where the logs are. */
  readonly freeBytes: number | null;
  readonly freeInodes: number | null;
};

type JournalSetting = 'Storage' | 'ReadKMsg' | 'RateLimitIntervalSec' | 'RateLimitBurst' | 'MaxLevelStore';

const DAEMONS = ['rsyslogd', 'syslog-ng', 'systemd-journal', 'ulogd', 'syslogd', 'metalog'];

/** Names of all programs, without procps. */
const PROCESS_NAMES: Command = ['sh', '-c', 'cat /proc/[0-9]*/comm 2>/dev/null'];
/** The running rsyslogd's libraries. */
const RSYSLOG_LIBRARIES: Command = [
  'sh',
  '-c',
  'for p in /proc/[0-9]*; do read -r c <$p/comm && [ "$c" = rsyslogd ] && cat $p/maps; done 2>/dev/null',
];
const JOURNAL_CONFIG: Command = [
  'sh',
  '-c',
  'cat /usr/lib/systemd/journald.conf.d/*.conf /etc/systemd/journald.conf /etc/systemd/journald.conf.d/*.conf 2>/dev/null',
];

/** Reads all facts at once. */
export async function readLogHealth(host: Host): Promise<LogHealth> {
  const read = async (command: Command) => (await host.run(command)).stdout;
  const readFile = (path: string) => read(['cat', path]);
  const [nfLog, allNamespaces, hasNfLog, virtual, printk, restricted, kmsg, names, libraries, config, disk] =
    await Promise.all([
      readFile('/proc/net/netfilter/nf_log'),
      readFile('/proc/sys/net/netfilter/nf_log_all_netns'),
      host.run(['test', '-d', '/proc/sys/net/netfilter/nf_log']),
      read(['systemd-detect-virt', '--container']),
      readFile('/proc/sys/kernel/printk'),
      readFile('/proc/sys/kernel/dmesg_restrict'),
      host.run(['dd', 'if=/dev/kmsg', 'of=/dev/null', 'count=0']),
      read(PROCESS_NAMES),
      read(RSYSLOG_LIBRARIES),
      read(JOURNAL_CONFIG),
      read(['stat', '-f', '-c', '%a %S %d', '/var/log']),
    ]);
  const container = virtual.trim();
  const [blocks, blockSize, inodes] = disk.trim().split(' ').map(Number);
  return {
    backends: { ip: parseBackend(nfLog, 2), ip6: parseBackend(nfLog, 10) },
    isFirstNamespace: allNamespaces !== '' ? true : hasNfLog.code === 0 ? false : null,
    logsAllNamespaces: allNamespaces === '' ? null : allNamespaces.trim() === '1',
    container: container === '' || container === 'none' ? null : container,
    consoleLevel: parseNumber(printk),
    isKernelLogRestricted: restricted === '' ? null : restricted.trim() !== '0',
    isKernelLogReadable: kmsg.code === 0,
    daemons: DAEMONS.filter((name) => names.split('\n').includes(name)),
    hasImklog: libraries === '' ? null : libraries.includes('/imklog.so'),
    journal: parseJournalConfig(config),
    freeBytes: blocks === undefined || blockSize === undefined ? null : blocks * blockSize,
    freeInodes: inodes ?? null,
  };
}

/** ` 2 nf_log_syslog (nf_log_syslog,nfnetlink_log)`: protocol family, backend in use, backends that could be. */
function parseBackend(text: string, family: 2 | 10): string | null {
  return new RegExp(`^ *${family} (\\S+) \\(`, 'm').exec(text)?.[1] ?? null;
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
