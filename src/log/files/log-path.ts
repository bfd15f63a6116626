// The way of a log line from the kernel to a file, as facts: what is set up, and what became of one test packet.

import type { Conversation, RulePlace } from '../../firewall/conversation/trace.ts';
import type { Log } from '../../firewall/model/steps.ts';
import type { ConfigLine } from '../rsyslog/follow-rsyslog.ts';

export type JournalSetting = 'Storage' | 'ReadKMsg' | 'RateLimitIntervalSec' | 'RateLimitBurst' | 'MaxLevelStore';

/** What a fact is when it can't be read: null. */
export type LogHealth = {
  /** Who is bound to write for that family where a rule does not say: `nf_log_syslog`, `nfnetlink_log`, `NONE`. LOG rules write regardless of it. */
  readonly backends: { readonly ip: string | null; readonly ip6: string | null };
  /** Whether the kernel has anything that can turn a LOG of that family into text. */
  readonly loggers: { readonly ip: boolean | null; readonly ip6: boolean | null };
  /** The NFLOG groups that a program reads in this namespace. */
  readonly nflogReaders: readonly number[] | null;
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
  /** Whether the running rsyslogd has loaded imklog (or imkmsg), which reads the kernel's lines, or imjournal, which reads the journal; null where none runs. */
  readonly hasImklog: boolean | null;
  readonly hasImjournal: boolean | null;
  /** The configuration of the running rsyslogd; empty where none runs or it can't be read. */
  readonly rsyslogConfig: readonly ConfigLine[];
  /** Files that rsyslogd still writes although they were rotated or deleted: `/var/log/syslog.1`, `/var/log/syslog (deleted)`. */
  readonly rotatedFiles: readonly string[];
  /** Logs that are there and may not be read. */
  readonly unreadableFiles: readonly string[];
  /** The last line in which a daemon says that it threw lines away for being too many. */
  readonly rateLimited: string | null;
  /** journald's own settings that lose lines, as its configuration says (null: its default). */
  readonly journal: Readonly<Record<JournalSetting, string | null>>;
  /** What is left where the logs are. */
  readonly freeBytes: number | null;
  readonly freeInodes: number | null;
};

/** A packet for a test, and the rule that has to log it; `limited`: only within a rate limit. */
export type LogPathProbe = {
  readonly conversation: Conversation;
  readonly rule: RulePlace;
  readonly log: Log;
  readonly limited: boolean;
};

/** What became of it: how many packets the rule counted meanwhile (null: it has no counter), the sources that were read, those that showed its line, and the text that the kernel wrote (null: not seen). */
export type LogPathTest = LogPathProbe & {
  readonly counted: number | null;
  readonly sources: readonly string[];
  readonly seenIn: readonly string[];
  readonly text: string | null;
};
