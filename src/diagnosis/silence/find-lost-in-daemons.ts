// The line is in the kernel's log and in no file: which daemon lost it. Each cause is a small function; no evidence, nothing said.
import type { LogHealth } from '../../log/files/log-path.ts';
import type { Finding } from '../finding.ts';

/** `level`: the syslog severity of the line, 0 to 7. */
type Check = (health: LogHealth, level: number) => Omit<Finding, 'severity'> | null;

/** Daemons that write files by themselves; the journal is none. */
const WRITERS = ['rsyslogd', 'syslog-ng', 'syslogd', 'metalog'];

const hasWriter = ({ daemons }: LogHealth): boolean => daemons.some((name) => WRITERS.includes(name));
const hasJournal = ({ daemons }: LogHealth): boolean => daemons.includes('systemd-journal');

const findDiskFull: Check = ({ freeBytes, freeInodes }) => {
  if (freeBytes !== 0 && freeInodes !== 0) return null;
  return {
    id: 'log-disk-full',
    title: 'The disk of /var/log is full: no daemon can write a line.',
    evidence: [freeBytes === 0 ? 'free space on /var/log: 0 bytes' : 'free inodes on /var/log: 0'],
    advice: 'Make room; these show where it went.',
    commands: [
      ['df', '-h', '/var/log'],
      ['du', '-sh', '/var/log'],
      ['journalctl', '--vacuum-size=200M'],
    ],
  };
};

const findNoDaemon: Check = (health) => {
  if (hasWriter(health) || hasJournal(health)) return null;
  return {
    id: 'no-log-daemon',
    title: "No log daemon runs: the kernel's lines come to no file.",
    evidence: ['neither rsyslogd nor another syslog daemon nor journald runs'],
    advice:
      "Start one. Until then the lines stand in the kernel's own log only, which dmesg shows and a reboot forgets.",
    commands: [['systemctl', 'enable', '--now', 'rsyslog'], ['dmesg']],
  };
};

const findNoImklog: Check = ({ hasImklog, hasImjournal }) => {
  if (hasImklog !== false || hasImjournal === true) return null;
  return {
    id: 'rsyslog-without-imklog',
    title: "rsyslogd runs without its module imklog: it does not read the kernel's lines.",
    evidence: ['the running rsyslogd has loaded neither imklog.so nor imjournal.so'],
    advice: 'Load the module in /etc/rsyslog.conf (module(load="imklog")), then restart rsyslogd.',
    commands: [
      ['grep', '-n', 'imklog', '/etc/rsyslog.conf'],
      ['systemctl', 'restart', 'rsyslog'],
    ],
  };
};

const findRotated: Check = ({ rotatedFiles }) => {
  if (rotatedFiles.length === 0) return null;
  return {
    id: 'log-file-rotated',
    title: 'rsyslogd still writes to a log file that was rotated away or deleted.',
    evidence: rotatedFiles.map((path) => `the running rsyslogd has open: ${path}`),
    advice: 'Tell it to open its files anew; see that logrotate does so after each rotation (postrotate).',
    commands: [['systemctl', 'kill', '-s', 'HUP', 'rsyslog']],
  };
};

const findRateLimited: Check = ({ rateLimited }) => {
  if (rateLimited === null) return null;
  return {
    id: 'log-rate-limited',
    title: 'A log daemon throws lines away because they are too many.',
    evidence: [`it says so itself: ${rateLimited.trim()}`],
    advice:
      'Raise the limit: of rsyslog by ratelimit.interval and ratelimit.burst of the input that is named, of the journal by RateLimitBurst=.',
    commands: [['grep', '-rniE', 'ratelimit', '/etc/rsyslog.conf', '/etc/rsyslog.d', '/etc/systemd/journald.conf']],
  };
};

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

const findJournalSettings: Check = (health, level) => {
  if (!hasJournal(health)) return null;
  const { Storage, ReadKMsg, MaxLevelStore } = health.journal;
  const most = LEVELS.includes(MaxLevelStore ?? '') ? LEVELS.indexOf(MaxLevelStore ?? '') : Number(MaxLevelStore ?? 7);
  const evidence = [
    ...(Storage === 'none' ? ['Storage=none: it keeps nothing'] : []),
    ...(ReadKMsg !== null && /^(no|false|off|0)$/i.test(ReadKMsg)
      ? [`ReadKMsg=${ReadKMsg}: it does not read the kernel's lines`]
      : []),
    ...(level > most
      ? [`MaxLevelStore=${MaxLevelStore}: the rule logs at level ${LEVELS[level]}, which is less urgent`]
      : []),
  ];
  if (evidence.length === 0) return null;
  return {
    id: 'journal-settings',
    title: 'journald is told to keep no such line.',
    evidence: evidence.map((line) => `journald.conf has ${line}`),
    advice: 'Change it in /etc/systemd/journald.conf, or in the file of journald.conf.d that says so, then restart it.',
    commands: [
      ['grep', '-rnE', 'Storage|ReadKMsg|MaxLevelStore', '/etc/systemd/journald.conf', '/etc/systemd/journald.conf.d'],
      ['systemctl', 'restart', 'systemd-journald'],
    ],
  };
};

const findUnreadableFiles: Check = ({ unreadableFiles }) => {
  if (unreadableFiles.length === 0) return null;
  return {
    id: 'log-unreadable',
    title: 'The log files may not be read by this user.',
    evidence: unreadableFiles.map((path) => `no permission to read ${path}`),
    advice: 'Run lo-doctor as root, or as a member of the group that may read them (often adm).',
    commands: [['ls', '-l', ...unreadableFiles]],
  };
};

const CAUSES: readonly Check[] = [
  findDiskFull,
  findUnreadableFiles,
  findNoDaemon,
  findNoImklog,
  findRotated,
  findRateLimited,
  findJournalSettings,
];

/** The causes that the facts show, each with its evidence. `level`: of the line. */
export const findLostInDaemons = (health: LogHealth, level: number): Finding[] =>
  CAUSES.map((check) => check(health, level))
    .filter((finding) => finding !== null)
    .map((finding) => ({ ...finding, severity: 'warning' }));
