// Why the log is silent although packets are dropped: where on its way from the rule to a file the line got lost.

import type { Trace } from '../../firewall/conversation/trace.ts';
import type { LogHealth, LogPathTest } from '../../log/files/log-path.ts';
import { nameConversation } from '../../naming/conversations.ts';
import { count } from '../../naming/numbers.ts';
import { citeRule } from '../../naming/rules.ts';
import type { Finding } from '../finding.ts';
import { findLostInDaemons } from './find-lost-in-daemons.ts';
import { findRsyslogFilter } from './find-rsyslog-filter.ts';

/** What log-source.ts calls the kernel's own log. */
export const KERNEL_LOG = 'kernel log';

const sent = ({ conversation }: LogPathTest): string =>
  `just now a test packet was sent: ${nameConversation(conversation)}`;

const tellCount = ({ counted, rule }: LogPathTest): string =>
  counted === null
    ? `it has to be logged by ${citeRule(rule)}`
    : `${count(counted, 'packet')} counted meanwhile by ${citeRule(rule)}`;

const tellSources = ({ sources }: LogPathTest): string =>
  sources.length === 0
    ? 'there is no log here that can be read'
    : `its line did not come: not in ${sources.join(', ')}`;

/** The rule did not count the packet: a limit holds it back, or the packet went another way. */
const findNotCounted = (test: LogPathTest): Finding => {
  const evidence = [sent(test), tellCount(test)];
  if (test.limited)
    return {
      id: 'log-limit-used-up',
      severity: 'warning',
      title: 'The LOG rule writes only within a rate limit, and the limit is used up now.',
      evidence,
      advice:
        'Other traffic may use the limit up for loopback. Wait a minute and repeat it, or let lo-doctor turn logging on: loopback then has a limit of its own.',
      commands: [],
    };
  return {
    id: 'log-rule-not-reached',
    severity: 'warning',
    title: 'The packet did not come as far as the LOG rule, though by the rules it should.',
    evidence,
    advice:
      'Something that is not in the rules stops it before (a filter of a service manager, eBPF), or the rules have just changed. Begin again to have them read anew.',
    commands: [],
  };
};

/** The rule hands packets to a program, and none reads them, or one that writes elsewhere. */
const findNflog = (test: LogPathTest, { nflogReaders, daemons }: LogHealth): Finding | null => {
  const { group } = test.log;
  if (group === null) return null;
  const isRead = nflogReaders?.includes(group) ?? null;
  if (isRead === true)
    return {
      id: 'nflog-read-elsewhere',
      severity: 'warning',
      title: `The packets go to a program that reads NFLOG group ${group}; it writes where lo-doctor does not look.`,
      evidence: [sent(test), tellCount(test), `a program reads group ${group}`, tellSources(test)],
      advice: 'Look into the configuration of that program for its file; of ulogd it is below.',
      commands: [['grep', '-n', 'file=', '/etc/ulogd.conf']],
    };
  return {
    id: 'nflog-without-reader',
    severity: 'warning',
    title: `The rule hands its packets to NFLOG group ${group}, and no program reads them: no line is written.`,
    evidence: [
      sent(test),
      tellCount(test),
      isRead === false ? `/proc/net/netfilter/nfnetlink_log names no reader of group ${group}` : tellSources(test),
      ...(daemons.includes('ulogd') ? [] : ['ulogd does not run']),
    ],
    advice: 'Start the program that is to read it (ulogd), or log by LOG (in nft: log without group) instead.',
    commands: [['systemctl', 'enable', '--now', 'ulogd2']],
  };
};

const findNoLogger = (test: LogPathTest, { loggers }: LogHealth): Finding | null => {
  const family = test.conversation.destination.includes(':') ? 'ip6' : 'ip';
  if (loggers[family] !== false) return null;
  return {
    id: 'log-no-backend',
    severity: 'warning',
    title: 'The kernel has nothing loaded that turns logged packets into text.',
    evidence: [sent(test), tellCount(test), '/proc/net/netfilter/nf_log lists no nf_log_syslog for this family'],
    advice: 'Load it.',
    commands: [['modprobe', 'nf_log_syslog']],
  };
};

/** The kernel's log itself can't be read, and nothing else shows the line. */
const findUnreadable = (test: LogPathTest, health: LogHealth): Finding | null => {
  if (health.isKernelLogReadable || test.sources.includes(KERNEL_LOG)) return null;
  const restricted = health.isKernelLogRestricted === true;
  return {
    id: 'kernel-log-unreadable',
    severity: 'warning',
    title: "The kernel's log may not be read here, so a line that is in it is not seen.",
    evidence: [
      sent(test),
      tellCount(test),
      '/dev/kmsg can not be opened',
      ...(restricted ? ['kernel.dmesg_restrict is 1: only root with CAP_SYSLOG may read it'] : []),
      ...(health.container === null ? [] : [`this is a container (${health.container})`]),
    ],
    advice:
      health.container === null
        ? 'Run lo-doctor as root.'
        : 'Read the log on the machine that runs the container, or give the container CAP_SYSLOG and /dev/kmsg.',
    commands: health.container === null ? [['sudo', 'lo-doctor']] : [],
  };
};

/** Rules of a network namespace write nothing unless the machine's own says so. */
const findNamespace = (test: LogPathTest, { isFirstNamespace, container }: LogHealth): Finding | null => {
  if (isFirstNamespace !== false && container === null) return null;
  return {
    id: 'log-in-namespace',
    severity: 'warning',
    title:
      'This is a network namespace of its own (a container), whose LOG rules write nothing unless the machine allows it.',
    evidence: [
      sent(test),
      tellCount(test),
      tellSources(test),
      container === null
        ? 'net.netfilter.nf_log_all_netns is not to be seen here'
        : `this is a container (${container})`,
    ],
    advice: 'Run this on the machine itself, outside of the container; the lines then stand in the log of the machine.',
    commands: [['sysctl', '-w', 'net.netfilter.nf_log_all_netns=1']],
  };
};

const lost = (test: LogPathTest): Finding => ({
  id: 'log-line-lost',
  severity: 'warning',
  title: 'The line of a test packet came out in no log, and what lost it is not known.',
  evidence: [sent(test), tellCount(test), tellSources(test)],
  advice: "Look into the kernel's log yourself while you repeat it.",
  commands: [['dmesg', '--follow']],
});

const works = (test: LogPathTest, hasFailed: boolean): Finding => ({
  id: 'log-path-works',
  severity: 'notice',
  title: 'The log works: a test packet was logged just now.',
  evidence: [sent(test), `its line stands in: ${test.seenIn.join(', ')}`],
  advice: hasFailed
    ? 'So the entry of the first try was too late, or lost. Repeat it to see entries; the fix does not need them.'
    : 'So what was repeated before sent no packet that the firewall stops, or not in that time. Repeat it as the user, and on the way, that fails.',
  commands: [],
});

/** Behind the kernel: a cause that the facts show, else that a filter has to be looked for. */
const findBehindKernel = (test: LogPathTest, health: LogHealth): Finding[] => {
  const lost = findLostInDaemons(health, test.log.level);
  return lost.length > 0 ? lost : [findRsyslogFilter(test, health)].filter((finding) => finding !== null);
};

/** What a test packet's way tells; `hasFailed`: the packet is of something that has failed before without an entry. Never empty. */
export const findSilence = (test: LogPathTest, health: LogHealth, hasFailed: boolean): Finding[] => {
  if (test.seenIn.some((source) => source !== KERNEL_LOG)) return [works(test, hasFailed)];
  if (test.seenIn.length > 0) return [works(test, hasFailed), ...findBehindKernel(test, health)];
  if (test.counted === 0) return [findNotCounted(test)];
  const early = findNflog(test, health) ?? findNoLogger(test, health);
  if (early !== null) return [early];
  const unreadable = findUnreadable(test, health);
  // Where the kernel's log is readable and does not have the line, no daemon can have lost it.
  const later = unreadable === null ? [findNamespace(test, health)] : [unreadable, ...findBehindKernel(test, health)];
  const found = later.filter((finding) => finding !== null);
  return found.length > 0 ? found : [lost(test)];
};

/** Drops whose rule logs nothing, as the evaluation says: nothing was lost, nothing was written. */
export const findNotLogged = (traces: readonly Trace[]): Finding | null => {
  const rules = traces.flatMap(({ stoppedAt }) => (stoppedAt === null ? [] : [citeRule(stoppedAt.rule)]));
  if (rules.length === 0) return null;
  return {
    id: 'drops-not-logged',
    severity: 'notice',
    title: 'The log is silent because no rule logs these packets before they are stopped.',
    evidence: [...new Set(rules)].map((rule) => `stops without logging: ${rule}`),
    advice: 'Go back to the first page and turn logging on to see the entries; the fix does not need them.',
    commands: [],
  };
};
